"""Kinds about graphs."""
