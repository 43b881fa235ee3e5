"""Queuebit client and command line: submit a problem, watch it, read the checked answer."""
