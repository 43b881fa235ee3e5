"""One attempt from statement to outcome: for optimisation problems, and for measurements."""
