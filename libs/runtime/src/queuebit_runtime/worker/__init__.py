"""The shell of a worker: orders in, outcomes out."""
