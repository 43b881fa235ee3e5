"""Errors of the crash matrix."""

from __future__ import annotations


class MatrixFailed(Exception):
    """An invariant did not hold, or too little happened to say that it did."""
