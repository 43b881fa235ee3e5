"""Routes as CP-SAT takes them: ways and loads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.cvrp_statement import CvrpStatement
from queuebit_problems.kinds.routing.routes_answer import driven, numbered, shown
from queuebit_problems.kinds.routing.ways import Way, directions
from queuebit_problems.numeric import CP_TOTAL_MAX, cp_coefficients, cp_weights
from queuebit_problems.optimisation import CpReading

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

FULL_MODEL_NODES_MAX = 130
"""Above, the model knows only the ways to near nodes, and so proves nothing."""
NEAR = 12


def filled(statement: CvrpStatement, model: cp_model.CpModel, pinned: Sequence[Choice] = ()) -> CpReading:
    """A Boolean for each way from node to node, circuits through the depot, and the load after each customer. `pinned`: ways
    that are driven, in either direction where both are as long; nodes from 1.
    """
    fleet, (d, unit) = statement.fleet, statement.scaled
    demands, capacity, rounded = cp_weights(fleet.demand, fleet.capacity)
    wanted = directions(statement, pinned)
    ways, all_ways = _ways(statement, [way for either in wanted for way in either])
    used = {way: model.new_bool_var(f"way{way[0]}_{way[1]}") for way in ways}
    model.add_multiple_circuit([(i, j, bit) for (i, j), bit in used.items()])
    for either in wanted:
        model.add_bool_or([used[way] for way in either])
    leaving = sum(bit for (i, _), bit in used.items() if i == 0)
    model.add(leaving <= fleet.limit)
    model.add(leaving >= fleet.routes_min)
    load = [model.new_int_var(demand, max(demand, capacity), f"load{node}") for node, demand in enumerate(demands)]
    for (i, j), bit in used.items():
        if i and j:
            model.add(load[j] >= load[i] + demands[j]).only_enforce_if(bit)
    coefficients = cp_coefficients([d[i][j] for i, j in ways], unit)
    model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, used.values(), strict=True)))

    def read(value: Any) -> Answer:
        return shown(driven(way for way, bit in used.items() if value(bit)))

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        steps, loads = set[tuple[int, int]](), [0] * fleet.nodes
        for route in numbered(answer):
            carried = 0
            for a, b in zip([0, *route], [*route, 0], strict=True):
                steps.add((a, b))
                carried += demands[b]
                loads[b] = carried
        pairs: list[tuple[Any, int]] = [(bit, int(way in steps)) for way, bit in used.items()]
        return pairs + list(zip(load[1:], loads[1:], strict=True))

    exactly = all_ways and not rounded
    return CpReading(
        answer=read, scale=coefficients.scale, hint=hint, error=coefficients.error if exactly else math.inf
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
