"""A job waits a week in the queue of its provider, on real servers, while others pass and every service restarts."""
