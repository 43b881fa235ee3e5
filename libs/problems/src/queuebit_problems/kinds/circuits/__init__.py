"""Kinds that measure circuits."""

KINDS = ("circuit_sampling", "expectation", "kernel")
