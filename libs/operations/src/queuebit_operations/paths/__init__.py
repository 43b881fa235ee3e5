"""Paths as operators register, read and change them: read, decide, append, and once more where somebody else was quicker."""
