"""Routes: the travelling salesman and the vehicles."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations, product

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


@st.composite
def fleets(draw: st.DrawFn) -> Data:
    data = draw(roads(4, nodes_min=2))
    nodes = nodes_of(data)
    demands = [0, *draw(st.lists(st.integers(0, 5), min_size=nodes - 1, max_size=nodes - 1))]
    capacity = draw(st.integers(5, 9))
    needed = max(1, -(-sum(demands) // capacity))
    vehicles = draw(st.sampled_from([None, needed, needed + 1]))
    return {**data, "demands": demands, "capacity": capacity, "vehicles": vehicles}


def _all_routes(data: Data) -> Iterable[Answer]:
    customers = range(2, nodes_of(data) + 1)
    yield {"routes": []}
    yield {"routes": [[2], list(customers)]}
    for order in permutations(customers):
        for cuts in product((False, True), repeat=len(order) - 1):
            routes = [[order[0]]]
            for customer, cut in zip(order[1:], cuts, strict=True):
                if cut:
                    routes.append([])
                routes[-1].append(customer)
            yield {"routes": routes}


def _driven(data: Data, answer: Answer) -> Fraction | None:
    routes = answer["routes"]
    if sorted(node for route in routes for node in route) != list(range(2, nodes_of(data) + 1)):
        return None
    if data["vehicles"] is not None and len(routes) > data["vehicles"]:
        return None
    if any(sum(data["demands"][node - 1] for node in route) > data["capacity"] for route in routes):
        return None
    steps = (step for route in routes for step in zip([1, *route], [*route, 1], strict=True))
    return sum((way(data, u, v) for u, v in steps), start=Fraction(0))


@st.composite
def timed(draw: st.DrawFn) -> Data:
    nodes = draw(st.integers(2, 4))
    place = st.lists(st.integers(-9, 9), min_size=2, max_size=2)
    span = st.tuples(st.integers(0, 20), st.integers(0, 60)).map(lambda pair: [pair[0], pair[0] + pair[1]])
    customers = nodes - 1
    return {
        "coordinates": draw(st.lists(place, min_size=nodes, max_size=nodes)),
        "rounding": draw(st.sampled_from(["tenths", "tenths", "exact"])),
        "capacity": 10,
        "demands": [0, *draw(st.lists(st.integers(0, 6), min_size=customers, max_size=customers))],
        "windows": [[0, 100], *draw(st.lists(span, min_size=customers, max_size=customers))],
        "service": [0, *draw(st.lists(st.integers(0, 5), min_size=customers, max_size=customers))],
        "vehicles": draw(st.sampled_from([None, 2, 3])),
    }


def _timed_routes(data: Data) -> Iterable[Answer]:
    """Every order of the customers, cut into routes everywhere; and one that leaves out all."""
    yield {"routes": []}
    for order in permutations(range(2, len(data["coordinates"]) + 1)):
        for cuts in product((False, True), repeat=len(order) - 1):
            routes = [[order[0]]]
            for node, cut in zip(order[1:], cuts, strict=True):
                routes = [*routes, [node]] if cut else [*routes[:-1], [*routes[-1], node]]
            yield {"routes": routes}


def _driven_in_time(data: Data, answer: Answer) -> Fraction | None:
    scale = 10 if data["rounding"] == "tenths" else 10**9
    routes, points = answer["routes"], data["coordinates"]
    if sorted(node for route in routes for node in route) != list(range(2, len(points) + 1)):
        return None
    if data["vehicles"] is not None and len(routes) > data["vehicles"]:
        return None
    length = Fraction(0)
    for route in routes:
        time, at = Fraction(data["windows"][0][0]), 1
        for node in [*route, 1]:
            far = Fraction(math.floor(math.dist(points[at - 1], points[node - 1]) * scale), scale)
            length += far
            time = max(time + far, Fraction(data["windows"][node - 1][0]))
            if time > data["windows"][node - 1][1]:
                return None
            time, at = time + data["service"][node - 1], node
        if sum(data["demands"][node - 1] for node in route) > data["capacity"]:
            return None
    return length


FIELDS = [
    Field("cvrp", fleets(), _all_routes, _driven, polished_by_encoding=True, example=Fraction(32)),
    Field("tsp", roads(5), _tours, _tour, example=Fraction(14)),
    Field("vrptw", timed(), _timed_routes, _driven_in_time, polished_by_encoding=True, example=Fraction(32)),
]
