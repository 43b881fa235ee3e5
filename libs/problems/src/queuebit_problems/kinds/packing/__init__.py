"""Kinds about packing and dividing."""
