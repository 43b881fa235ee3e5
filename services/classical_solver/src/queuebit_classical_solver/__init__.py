"""Queuebit classical solver: exact, anytime and default answers."""
