"""Routes as CP-SAT takes them: ways and loads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.cvrp_statement import CvrpStatement
from queuebit_problems.kinds.routing.routes_answer import numbered
from queuebit_problems.kinds.routing.routes_model import (
    FULL_MODEL_NODES_MAX,
    NEAR,
    answer_read,
    hinted,
    loads_after,
    ways_driven,
)
from queuebit_problems.kinds.routing.ways import Way, directions
from queuebit_problems.numeric import CP_TOTAL_MAX, cp_coefficients, cp_weights
from queuebit_problems.optimisation import CpReading

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def filled(statement: CvrpStatement, model: cp_model.CpModel, pinned: Sequence[Choice] = ()) -> CpReading:
    """A Boolean for each way from node to node, circuits through the depot, and the load after each customer. `pinned`: ways
    that are driven, in either direction where both are as long; nodes from 1.
    """
    fleet, (d, unit) = statement.fleet, statement.scaled
    demands, capacity, rounded = cp_weights(fleet.demand, fleet.capacity)
    wanted = directions(statement, pinned)
    ways, all_ways = _ways(statement, [way for either in wanted for way in either])
    used = ways_driven(ways, fleet, model)
    for either in wanted:
        model.add_bool_or([used[way] for way in either])
    load = loads_after(used, demands, capacity, model)
    coefficients = cp_coefficients([d[i][j] for i, j in ways], unit)
    model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, used.values(), strict=True)))

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        routes, loads = numbered(answer), [0] * fleet.nodes
        for route in routes:
            for node, carried in zip(route, accumulate(demands[node] for node in route), strict=True):
                loads[node] = carried
        return [*hinted(used, routes), *zip(load[1:], loads[1:], strict=True)]

    exactly = all_ways and not rounded
    return CpReading(
        answer=partial(answer_read, used),
        scale=coefficients.scale,
        hint=hint,
        error=coefficients.error if exactly else math.inf,
    )


def _ways(statement: CvrpStatement, wanted: Sequence[Way]) -> tuple[list[tuple[int, int]], bool]:
    """(the ways that the model knows, whether those are all that can be of use)."""
    fleet, d = statement.fleet, statement.scaled[0]
    n = fleet.nodes
    every = n <= FULL_MODEL_NODES_MAX and sum(map(max, d)) <= CP_TOTAL_MAX
    near = range(n) if every else None
    known = {(a, b) for route in statement.start or [] for a, b in zip([0, *route], [*route, 0], strict=True)}
    found = {
        (i, j)
        for i in range(1, n)
        for j in (near or fleet.near[i][:NEAR])
        if j and i != j and fleet.demand[i] + fleet.demand[j] <= fleet.capacity
    }
    depot = {way for i in range(1, n) for way in ((0, i), (i, 0))}
    return sorted(found | {(j, i) for i, j in found} | depot | known | set(wanted)), every
