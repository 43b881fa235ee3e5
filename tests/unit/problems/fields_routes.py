"""Routes: the travelling salesman and the vehicles."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from tests.unit.problems.fields import Data, Field, total

METRICS = ("EUC_2D", "CEIL_2D", "ATT", "MAN_2D", "MAX_2D")


@st.composite
def roads(draw: st.DrawFn, nodes_max: int, nodes_min: int = 1) -> Data:
    nodes = draw(st.integers(nodes_min, nodes_max))
    metric = draw(st.sampled_from(["EXPLICIT", "EXPLICIT", *METRICS]))
    if metric == "EXPLICIT":
        row = st.lists(draw(st.sampled_from([st.integers(0, 9), tenths])), min_size=nodes, max_size=nodes)
        return {"metric": metric, "distances": draw(st.lists(row, min_size=nodes, max_size=nodes))}
    place = st.lists(st.integers(-9, 9), min_size=2, max_size=2)
    return {"metric": metric, "coordinates": draw(st.lists(place, min_size=nodes, max_size=nodes))}


tenths = st.integers(0, 90).map(lambda value: value / 10)


def way(data: Data, u: int, v: int) -> Fraction:
    """How far it is from node u to node v, which count from 1. Floats are exact enough for these coordinates."""
    if data["metric"] == "EXPLICIT":
        return total([data["distances"][u - 1][v - 1]])
    dx, dy = (abs(a - b) for a, b in zip(data["coordinates"][u - 1], data["coordinates"][v - 1], strict=True))
    match data["metric"]:
        case "EUC_2D":
            return Fraction(math.floor(math.sqrt(dx * dx + dy * dy) + 0.5))
        case "CEIL_2D":
            return Fraction(math.ceil(math.sqrt(dx * dx + dy * dy)))
        case "ATT":
            real = math.sqrt((dx * dx + dy * dy) / 10)
            rounded = math.floor(real + 0.5)
            return Fraction(rounded + 1 if rounded < real else rounded)
        case "MAN_2D":
            return Fraction(dx + dy)
        case _:
            return Fraction(max(dx, dy))


def nodes_of(data: Data) -> int:
    return len(data.get("distances") or data["coordinates"])


def _tours(data: Data) -> Iterable[Answer]:
    nodes = nodes_of(data)
    yield {"tour": [1] * nodes}
    yield {"tour": []}
    yield from ({"tour": list(tour)} for tour in permutations(range(1, nodes + 1)))


def _tour(data: Data, answer: Answer) -> Fraction | None:
    tour = answer["tour"]
    if sorted(tour) != list(range(1, nodes_of(data) + 1)):
        return None
    if len(tour) == 1:
        return Fraction(0)
    return sum((way(data, u, v) for u, v in zip(tour, tour[1:] + tour[:1], strict=True)), start=Fraction(0))


FIELDS = [Field("tsp", roads(5), _tours, _tour, example=Fraction(14))]
