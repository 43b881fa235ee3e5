"""Quadratic polynomials as they are."""
