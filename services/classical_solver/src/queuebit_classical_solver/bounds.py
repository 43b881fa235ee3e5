"""Which of two bounds says more, and which bound cannot be one."""

from __future__ import annotations

from typing import Literal

from queuebit_contracts.jobs import Number

Sense = Literal["min", "max"]


def tighter(left: Number | None, right: Number | None, sense: Sense) -> Number | None:
    """The stronger of two valid bounds: the lower upper bound for max, the higher lower bound for min."""
    if left is None or right is None:
        return right if left is None else left
    return min(left, right) if sense == "max" else max(left, right)


def contradicts(bound: Number, objective: Number, sense: Sense) -> bool:
    """Whether a feasible objective lies beyond the bound, so that it is none."""
    return objective > bound if sense == "max" else objective < bound
