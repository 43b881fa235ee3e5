"""Routes in time windows as CP-SAT takes them: ways, loads and times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from queuebit_problems.encoding.qubo import exact
from queuebit_problems.keeping.statement import Keep
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.routes_answer import numbered
from queuebit_problems.kinds.routing.routes_model import (
    FULL_MODEL_NODES_MAX,
    NEAR,
    answer_read,
    hinted,
    loads_after,
    ways_driven,
)
from queuebit_problems.kinds.routing.vrptw_search import TimedFleet
from queuebit_problems.kinds.routing.vrptw_statement import VrptwStatement
from queuebit_problems.kinds.routing.ways import Way
from queuebit_problems.numeric import CP_TOTAL_MAX, CpCoefficients, cp_coefficients, cp_weights
from queuebit_problems.optimisation import ENFORCED_SUM_MAX, CpReading

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def _ways(statement: VrptwStatement, wanted: Iterable[Way]) -> tuple[list[Way], bool]:
    """(the ways that windows and loads leave open, those that are wanted among them, and whether those are all)."""
    fleet, n = statement.fleet, statement.nodes
    every = n <= FULL_MODEL_NODES_MAX and sum(map(max, fleet.d)) <= CP_TOTAL_MAX
    known = {pair for route in statement.start or [] for pair in zip([0, *route], [*route, 0], strict=True)}
    ways = [pair for i in range(1, n) for pair in ((0, i), (i, 0))]
    ways += [(i, j) for i in range(1, n) for j in (range(1, n) if every else fleet.near[i][:NEAR])]
    ways += wanted
    open_ = [
        (i, j)
        for i, j in ways
        if i != j
        and fleet.demand[i] + fleet.demand[j] <= fleet.capacity
        and fleet.ready[i] + fleet.service[i] + fleet.d[i][j] <= fleet.due[j]
    ]
    return sorted({*open_, *known}), every


def _times(
    fleet: TimedFleet, used: Mapping[Way, Any], due: Sequence[int], unit: int, model: cp_model.CpModel
) -> list[Any]:
    """When each customer is served, in so many of the fleet's units: later than it is, never earlier."""
    ready = [-(-start // unit) for start in fleet.ready]
    if any(late < early for early, late in zip(ready, due, strict=True)):
        model.add_bool_or([])
    time = [model.new_int_var(ready[i], max(ready[i], due[i]), f"time{i}") for i in range(fleet.nodes)]
    for (i, j), bit in used.items():
        if i and not j:
            model.add(time[i] + -(-(fleet.service[i] + fleet.d[i][0]) // unit) <= due[0]).only_enforce_if(bit)
        elif i:
            model.add(time[j] >= time[i] + -(-(fleet.service[i] + fleet.d[i][j]) // unit)).only_enforce_if(bit)
        else:
            model.add(time[j] >= ready[0] + -(-fleet.d[0][j] // unit)).only_enforce_if(bit)
    return time


def _costs(statement: VrptwStatement, ways: Sequence[Way], known: frozenset[Way], more: Fraction) -> CpCoefficients:
    """What each way costs: its length, and more where it is not known."""
    unit = math.lcm(statement.unit, more.denominator)
    lengths = [Fraction(statement.fleet.d[i][j], statement.unit) + (0 if (i, j) in known else more) for i, j in ways]
    return cp_coefficients([int(length * unit) for length in lengths], unit)


def filled(statement: VrptwStatement, model: cp_model.CpModel, keep: Keep | None = None) -> CpReading:
    """A Boolean a way, circuits through the depot, and after each customer the load and the time. Times of more digits than fit
    are rounded to the safe side. `keep`: ways that must be driven, and what others cost.
    """
    fleet, keep = statement.fleet, keep or Keep()
    before, pinned = ([(a - 1, b - 1) for a, b in parts] for parts in (keep.before, keep.pinned))
    demands, capacity, rounded = cp_weights(fleet.demand, fleet.capacity)
    ways, every = _ways(statement, [*before, *pinned])
    if {i for i, _ in ways} | {j for _, j in ways} != set(range(fleet.nodes)):
        model.add_bool_or([])
        ways = [(0, 1), (1, 0), *((i, i) for i in range(2, fleet.nodes))]
    used = ways_driven(ways, fleet, model)
    for way in pinned:
        model.add_bool_or([used[way]] if way in used else [])
    load = loads_after(used, demands, capacity, model)
    unit = -(-fleet.horizon // CP_TOTAL_MAX) or 1
    due = [end // unit for end in fleet.closing]
    time = _times(fleet, used, due, unit, model)
    coefficients = _costs(statement, ways, frozenset(before), Fraction(exact(keep.change_cost)))
    model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, used.values(), strict=True)))

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        routes, pairs = [route for route in numbered(answer) if route], list[tuple[Any, int]]()
        for route in routes:
            carried = accumulate(demands[node] for node in route)
            for node, loaded, arrival in zip(route, carried, fleet.arrivals(route), strict=False):
                pairs += [(load[node], loaded), (time[node], arrival // unit)]
        return [*hinted(used, routes), *pairs]

    return CpReading(
        answer=partial(answer_read, used),
        scale=coefficients.scale,
        hint=hint,
        error=coefficients.error if every and not rounded and unit == 1 else math.inf,
        presolve=max(due) + max(map(max, fleet.d)) + max(fleet.service) <= ENFORCED_SUM_MAX
        and capacity <= ENFORCED_SUM_MAX,
    )
