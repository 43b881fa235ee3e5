"""Queuebit quantum adapter: the only code that knows a quantum SDK."""
