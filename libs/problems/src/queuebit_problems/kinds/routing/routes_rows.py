"""What all routes keep, by name: who is served by which vehicle, what vehicles carry, and who cannot be reached in time.

They say less than the problem: how long routes are, and in which order, is left out.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

from queuebit_problems.kinds.routing.cvrp_search import Fleet
from queuebit_problems.kinds.routing.vrptw_search import TimedFleet
from queuebit_problems.rows import NamedRows

BITS_MAX: Final = 5_000
ROWS_MAX: Final = 5_000
NODES_MAX: Final = 200
"""More nodes take a while until it is known how early each can be reached."""


def rows_of_loads(fleet: Fleet) -> NamedRows | None:
    """Loads alone. Vehicles are alike, so that they are numbered by the heaviest customers; None where it would be too much."""
    order = sorted(range(1, fleet.nodes), key=lambda node: -fleet.demand[node])
    return _assigned(fleet, order)


def rows_in_time(fleet: TimedFleet) -> NamedRows | None:
    """Loads, who cannot be reached in time, and pairs that one vehicle cannot serve; None where it would be too much."""
    if fleet.nodes > NODES_MAX:
        return None
    nearest = _nearest(fleet)
    early = [max(fleet.ready[0] + nearest[0][node], fleet.ready[node]) for node in range(fleet.nodes)]
    apart = [
        (i, j)
        for i, j in combinations(range(1, fleet.nodes), 2)
        if not (_follows(fleet, nearest, early, i, j) or _follows(fleet, nearest, early, j, i))
    ]
    degree = [sum(node in pair for pair in apart) for node in range(fleet.nodes)]
    found = _assigned(fleet, sorted(range(1, fleet.nodes), key=lambda node: (-degree[node], -fleet.demand[node])))
    if found is None:
        found = NamedRows([], complete=False)
    elif len(apart) * fleet.limit <= ROWS_MAX:
        for i, j in apart:
            for k in range(fleet.limit):
                bits = [((node - 1) * fleet.limit + k, 1) for node in (i, j)]
                found.add(f"nodes {i + 1} and {j + 1} in time by one vehicle", bits, upper=1)
    for node in range(1, fleet.nodes):
        back = early[node] + fleet.service[node] + nearest[node][0]
        found.add(f"node {node + 1} in time", (), upper=min(0, fleet.due[node] - early[node]))
        found.add(f"from node {node + 1} back in time", (), upper=min(0, fleet.due[0] - back))
    return found


def _assigned(fleet: Fleet, order: list[int]) -> NamedRows | None:
    """A bit for each customer and vehicle. The customers of the order have the first vehicles, as far as they need others."""
    limit = fleet.limit
    if (fleet.nodes - 1) * limit > BITS_MAX:
        return None
    found = NamedRows([(0, 1)] * ((fleet.nodes - 1) * limit), complete=False)
    for place, node in enumerate(order):
        for k in range(place + 1, limit):
            found.ranges[(node - 1) * limit + k] = (0, 0)
    for node in range(1, fleet.nodes):
        found.add(
            f"node {node + 1} by one of {limit} vehicles", [((node - 1) * limit + k, 1) for k in range(limit)], lower=1
        )
    for k in range(limit):
        loads = [((node - 1) * limit + k, fleet.demand[node]) for node in range(1, fleet.nodes)]
        found.add("what a vehicle carries", loads, upper=fleet.capacity)
    return found


def _nearest(fleet: TimedFleet) -> list[list[int]]:
    """How long each way takes at least, by any others: distances that are cut off may be longer than a way round."""
    found = [list(row) for row in fleet.d]
    for through, onward in enumerate(found):
        for row in found:
            first = row[through]
            for at, second in enumerate(onward):
                row[at] = min(row[at], first + second)
    return found


def _follows(fleet: TimedFleet, nearest: list[list[int]], early: list[int], i: int, j: int) -> bool:
    """Whether one vehicle may serve the first and after it the second, for all that is known."""
    fits = fleet.demand[i] + fleet.demand[j] <= fleet.capacity
    return fits and early[i] + fleet.service[i] + nearest[i][j] <= fleet.due[j]
