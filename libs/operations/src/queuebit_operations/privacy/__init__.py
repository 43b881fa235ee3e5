"""What is kept of a job, in which class of data, and what of it went to whom."""
