"""A tour as CP-SAT takes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.tsp_statement import TspStatement
from queuebit_problems.kinds.routing.ways import Way, directions
from queuebit_problems.numeric import CP_TOTAL_MAX, cp_coefficients
from queuebit_problems.optimisation import CpReading

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

FULL_MODEL_NODES_MAX = 250
"""Above, the model knows only the ways to near nodes, and so proves nothing."""
NEAR = 10


def filled(statement: TspStatement, model: cp_model.CpModel, pinned: Sequence[Choice] = ()) -> CpReading:
    """A Boolean for each way from node to node, and one circuit. `pinned`: ways that are driven, in either direction where both
    are as long; nodes from 1.
    """
    d, unit = statement.scaled
    n = statement.nodes
    wanted = directions(statement, pinned)
    ways = _ways(statement, [way for either in wanted for way in either])
    used = {way: model.new_bool_var(f"way{way[0]}_{way[1]}") for way in ways}
    if n > 1:
        model.add_circuit([(i, j, bit) for (i, j), bit in used.items()])
    for either in wanted:
        model.add_bool_or([used[way] for way in either])
    coefficients = cp_coefficients([d[i][j] for i, j in ways], unit)
    model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, used.values(), strict=True)))

    def read(value: Any) -> Answer:
        following = {i: j for (i, j), bit in used.items() if value(bit)}
        tour = [0]
        while len(tour) < n:
            tour.append(following[tour[-1]])
        return {"tour": [node + 1 for node in tour]}

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        tour = [node - 1 for node in answer["tour"]]
        steps = set(zip(tour, [*tour[1:], *tour[:1]], strict=True))
        return [(bit, int(way in steps)) for way, bit in used.items()]

    return CpReading(
        answer=read,
        scale=coefficients.scale,
        hint=hint,
        error=coefficients.error if len(ways) == n * (n - 1) else math.inf,
    )


def _ways(statement: TspStatement, wanted: Sequence[Way]) -> list[tuple[int, int]]:
    """The ways that the model knows: all, or of a large statement those to near nodes and those of a known tour."""
    d, _ = statement.scaled
    n = statement.nodes
    if n <= FULL_MODEL_NODES_MAX and sum(map(max, d)) <= CP_TOTAL_MAX:
        return [(i, j) for i in range(n) for j in range(n) if i != j]
    near = {
        (i, j) for i, row in enumerate(d) for j in sorted((j for j in range(n) if j != i), key=row.__getitem__)[:NEAR]
    }
    tour = statement.quick
    return sorted(set(wanted) | near | {(j, i) for i, j in near} | set(zip(tour, [*tour[1:], tour[0]], strict=True)))
