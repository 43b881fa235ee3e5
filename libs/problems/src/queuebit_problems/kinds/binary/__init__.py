"""Quadratic polynomials as they are."""

KINDS = ("qubo",)
