"""Tours and routes as ways from node to node, and distances by which new ways cost more."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar, cast

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.keeping.statement import Choice
from queuebit_problems.kinds.routing.road_statement import RoadStatement
from queuebit_problems.numeric import number

S = TypeVar("S", bound=RoadStatement)
Way = tuple[int, int]
"""From a node to another, from 0."""


def ways_of(statement: RoadStatement, tours: Sequence[Sequence[int]]) -> list[Choice]:
    """The ways of closed tours over nodes that count from 1; those between nodes that there are, the lower one first where both
    directions are as long.
    """
    nodes = range(1, statement.nodes + 1)
    ways = ((a, b) for tour in tours for a, b in pairwise(tour) if a != b and a in nodes and b in nodes)
    return [(min(way), max(way)) for way in ways] if statement.symmetric else list(ways)


def way_named(statement: RoadStatement, way: Choice) -> str:
    """A way in words."""
    return _way(way[0], way[1], symmetric=statement.symmetric)


def directions(statement: RoadStatement, pinned: Sequence[Choice]) -> list[tuple[Way, ...]]:
    """In which directions each way may be driven, nodes from 0."""
    ways = [(a - 1, b - 1) for a, b in pinned]
    return [((a, b), (b, a)) if statement.symmetric else ((a, b),) for a, b in ways]


def with_dearer_ways(statement: S, known: frozenset[str], cost: Number) -> S:
    """The same with all distances stated, longer by the cost on every way that is not known."""
    d, unit = statement.scaled
    more, symmetric = Fraction(exact(cost)), statement.symmetric
    distances = tuple(
        tuple(
            number(Fraction(value, unit) + (0 if i == j or _way(i, j, symmetric=symmetric) in known else more))
            for j, value in enumerate(row, 1)
        )
        for i, row in enumerate(d, 1)
    )
    stated = {name: getattr(statement, name) for name in type(statement).model_fields}
    # Made anew: a copy would keep what was worked out from the distances of before.
    stated |= {"metric": "EXPLICIT", "coordinates": (), "distances": distances}
    return cast("S", type(statement).model_construct(**stated))


def _way(a: int, b: int, *, symmetric: bool) -> str:
    return f"{min(a, b)} - {max(a, b)}" if symmetric else f"{a} to {b}"
