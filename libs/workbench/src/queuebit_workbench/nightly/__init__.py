"""What is validated every night, kept by date, and compared with the night before."""
