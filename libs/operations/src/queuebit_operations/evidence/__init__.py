"""What is kept of jobs outside of their events, as an operator reads it."""
