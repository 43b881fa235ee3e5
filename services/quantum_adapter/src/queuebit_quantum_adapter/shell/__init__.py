"""The worker around the circuits: orders in, outcomes out, processes that can be killed."""
