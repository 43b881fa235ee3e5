"""What whoever asks CP-SAT needs."""
