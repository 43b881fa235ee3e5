"""Heads: what is known of a stream without its events, for lists and timers."""
