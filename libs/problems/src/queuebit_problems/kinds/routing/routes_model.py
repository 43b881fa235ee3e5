"""What CP-SAT is told of all routes: ways, circuits through the depot, how many vehicles leave, and what they carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.cvrp_search import Fleet
from queuebit_problems.kinds.routing.routes_answer import driven, shown
from queuebit_problems.kinds.routing.ways import Way

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

FULL_MODEL_NODES_MAX = 130
"""Above, a model knows only the ways to near nodes, and so proves nothing."""
NEAR = 12


def ways_driven(ways: Sequence[Way], fleet: Fleet, model: cp_model.CpModel) -> dict[Way, Any]:
    """A Boolean for each way: circuits through the depot, and as many of them as vehicles may leave."""
    used = {way: model.new_bool_var(f"way{way[0]}_{way[1]}") for way in ways}
    model.add_multiple_circuit([(i, j, bit) for (i, j), bit in used.items()])
    leaving = sum(bit for (i, _), bit in used.items() if i == 0)
    model.add(leaving <= fleet.limit)
    model.add(leaving >= fleet.routes_min)
    return used


def loads_after(used: Mapping[Way, Any], demands: Sequence[int], capacity: int, model: cp_model.CpModel) -> list[Any]:
    """What a vehicle has served when it leaves each node."""
    load = [model.new_int_var(demand, max(demand, capacity), f"load{node}") for node, demand in enumerate(demands)]
    for (i, j), bit in used.items():
        if i and j:
            model.add(load[j] >= load[i] + demands[j]).only_enforce_if(bit)
    return load


def answer_read(used: Mapping[Way, Any], value: Any) -> Answer:
    """The routes of a solution."""
    return shown(driven(way for way, bit in used.items() if value(bit)))


def hinted(used: Mapping[Way, Any], routes: Sequence[Sequence[int]]) -> Iterator[tuple[Any, int]]:
    """Which ways routes drive, nodes from 0."""
    steps = {way for route in routes for way in zip([0, *route], [*route, 0], strict=True)}
    return ((bit, int(way in steps)) for way, bit in used.items())
