"""Kinds that measure circuits."""

KINDS = ("circuit_batch", "circuit_sampling", "expectation", "kernel")
