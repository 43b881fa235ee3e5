"""Queuebit result validation: recomputes every answer and gives a verdict."""
