"""Kinds about time."""
