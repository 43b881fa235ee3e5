"""How numbers are compared: exactly where the data are integers, within a stated tolerance where they are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from queuebit_contracts.jobs import Number, Sense

TOLERANCE = 1e-9
"""Relative. A worker that adds the same decimal numbers in another order than we do is off by much less; a wrong answer to
data with fewer than nine significant digits is off by more."""


def finite(value: Any) -> bool:
    """Whether no number anywhere in a JSON value is NaN or infinite."""
    if type(value) in _PLAIN:
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, _LISTS):
        return _PLAIN.issuperset(map(type, value)) or all(map(finite, value))
    return True


_PLAIN: frozenset[type] = frozenset({int, str, bool, type(None)})
_LISTS = (list, tuple)


def integral(statement: Mapping[str, Any]) -> bool:
    """Whether every number of a statement is an integer, so that every objective of it is exact."""
    return _integral(statement)


def _integral(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    if isinstance(value, dict):
        return all(map(_integral, value.values()))
    if isinstance(value, _LISTS):
        return _PLAIN.issuperset(map(type, value)) or all(map(_integral, value))
    return True


def same(left: Number, right: Number, statement: Mapping[str, Any]) -> bool:
    """Whether two statements of one objective agree. The tolerance is for data that are not integers alone."""
    if left == right:
        return True
    if isinstance(left, int) and isinstance(right, int):
        return False
    return close(left, right) and not integral(statement)


def close(left: Number, right: Number) -> bool:
    """Whether two numbers agree within the tolerance."""
    return abs(left - right) <= TOLERANCE * max(abs(left), abs(right))


def beyond(objective: Number, bound: Number, sense: Sense, statement: Mapping[str, Any]) -> bool:
    """Whether the objective is better than the bound allows."""
    better = objective > bound if sense == "max" else objective < bound
    return better and not same(objective, bound, statement)
