"""Kinds that assign one thing to another."""

KINDS = ("assignment", "generalised_assignment", "quadratic_assignment")
