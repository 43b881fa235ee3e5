"""What was handed in at providers that charge for it: a row a submission, owned by one process at a time."""
