"""What is read from a document: numbers with a reason where there is none, shares with their interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from queuebit_contracts.intervals import wilson

Number = int | float


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `count` cases, with the interval of 95 % in which the true share lies (Wilson)."""

    value: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, fraction: float, count: int) -> Share:
        low, high = wilson(fraction, count)
        return cls(round(fraction, 9), round(low, 9), round(high, 9), count)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a number is not known."""

    why: str


def is_number(value: Any) -> TypeGuard[Number]:
    """Whether it is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(values: Mapping[str, Any], name: str) -> Number | None:
    """The number of that name, if there is one."""
    value = values.get(name)
    return value if is_number(value) else None


def count(values: Mapping[str, Any], name: str) -> int | None:
    """The positive whole number of that name, if there is one."""
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name; an empty one where there is none."""
    value = values.get(name)
    return value if isinstance(value, Mapping) else {}


def same(left: Number, right: Number) -> bool:
    """Whether two objectives are the same: numbers that were added in another order may differ in their last digits."""
    return left == right or math.isclose(left, right, rel_tol=1e-9)


def better(left: Number, right: Number, sense: str | None) -> bool:
    """Whether one objective is strictly better than another. Nothing is better where there is no sense."""
    if sense is None or same(left, right):
        return False
    return left > right if sense == "max" else left < right
