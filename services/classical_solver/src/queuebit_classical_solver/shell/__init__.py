"""The worker around the solvers: orders in, outcomes out, processes that can be killed."""
