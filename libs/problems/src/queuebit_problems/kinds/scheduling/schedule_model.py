"""What CP-SAT is told of all schedules of a shop: the order of each job, and one operation at a time on a machine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from queuebit_problems.kinds.scheduling.job_shop_search import Shop

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def makespan_of(shop: Shop, starts: Sequence[Any], horizon: int, model: cp_model.CpModel) -> Any:
    """The variable that is no less than the end of the last operation, for variables of when each starts; all are over by the
    horizon.
    """
    makespan = model.new_int_var(shop.bound, max(horizon, shop.bound), "makespan")
    intervals = [
        model.new_fixed_size_interval_var(start, d, f"operation{o}")
        for o, (start, d) in enumerate(zip(starts, shop.duration, strict=True))
    ]
    for mine in shop.jobs:
        for a, b in pairwise(mine):
            model.add(starts[b] >= starts[a] + shop.duration[a])
        model.add(makespan >= starts[mine[-1]] + shop.duration[mine[-1]])
    for mine in shop.machines:
        model.add_no_overlap([intervals[o] for o in mine])
    return makespan
