"""Tours and routes as ways from node to node, and distances by which new ways cost more."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.kinds.routing.road_statement import RoadStatement
from queuebit_problems.numeric import number

S = TypeVar("S", bound=RoadStatement)


def driven(statement: RoadStatement, tours: Sequence[Sequence[int]]) -> list[str]:
    """The ways of closed tours over nodes that count from 1; those between nodes that there are."""
    nodes, symmetric = range(1, statement.nodes + 1), statement.symmetric
    ways = (way for tour in tours for way in pairwise(tour))
    return [_way(a, b, symmetric=symmetric) for a, b in ways if a != b and a in nodes and b in nodes]


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
    return statement.model_copy(update={"metric": "EXPLICIT", "coordinates": (), "distances": distances})


def _way(a: int, b: int, *, symmetric: bool) -> str:
    return f"{min(a, b)} - {max(a, b)}" if symmetric else f"{a} to {b}"
