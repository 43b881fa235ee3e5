"""What operators do with jobs: invalidate, cancel, ask again, fork, compare."""
