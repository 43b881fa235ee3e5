"""Quadratic polynomials as they are, and programs with constraints."""

KINDS = ("binary_program", "qubo")
