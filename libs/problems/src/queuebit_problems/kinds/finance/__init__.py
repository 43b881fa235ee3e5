"""Kinds about money."""
