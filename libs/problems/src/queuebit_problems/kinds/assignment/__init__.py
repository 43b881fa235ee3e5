"""Kinds that assign one thing to another."""

KINDS = ("assignment", "generalised_assignment", "generalised_assignment_cost", "quadratic_assignment")
