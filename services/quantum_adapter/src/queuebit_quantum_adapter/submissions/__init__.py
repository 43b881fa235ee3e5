"""Handing circuits in, each exactly once, and getting their samples."""
