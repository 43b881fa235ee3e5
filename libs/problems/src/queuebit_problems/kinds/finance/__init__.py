"""Kinds about money."""

KINDS = ("portfolio",)
