"""Append and ordered read: the events themselves, and where readers of all of them stand."""
