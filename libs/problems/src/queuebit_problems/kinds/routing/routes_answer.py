"""Answers that are routes: customers as nodes from 1, the depot, which is node 1, left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuebit_contracts.errors import FieldError
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.kind import Answer, Violation
from queuebit_problems.kinds.routing.cvrp_search import Fleet, Routes
from queuebit_problems.shares import Room, Shares, one_part


def numbered(answer: Answer) -> Routes:
    """The routes with the depot as node 0."""
    return [[node - 1 for node in route] for route in answer["routes"]]


def shown(routes: Sequence[Sequence[int]]) -> Answer:
    """The answer of routes whose depot is node 0, in one order whatever theirs is."""
    return {"routes": [[node + 1 for node in route] for route in sorted(map(list, routes)) if route]}


def driven(ways: Iterable[tuple[int, int]]) -> Routes:
    """The routes of the ways that are driven, in the order in which they leave the depot, node 0, to which each comes back."""
    following, routes = dict[int, int](), Routes()
    for i, j in ways:
        if i:
            following[i] = j
        else:
            routes.append([j])
    for route in routes:
        while following[route[-1]]:
            route.append(following[route[-1]])
    return routes


def route_errors(answer: Answer, nodes: int) -> list[FieldError]:
    """What makes an answer unreadable."""
    if "routes" not in answer:
        return [FieldError("/routes", "missing", "is missing; it should be a list of routes")]
    routes = answer["routes"]
    if not isinstance(routes, list | tuple):
        return [FieldError("/routes", "list_type", "should be a list")]
    errors, count = list[FieldError](), 0
    for place, route in enumerate(routes[: 2 * nodes]):
        if not isinstance(route, list | tuple):
            errors.append(FieldError(f"/routes/{place}", "list_type", "should be a list"))
            continue
        count += len(route)
        for k, node in enumerate(route[: 2 * nodes]):
            if type(node) is not int or not 2 <= node <= nodes:
                errors.append(FieldError(f"/routes/{place}/{k}", "node", f"should be a customer from 2 to {nodes}"))
    if max(count, len(routes)) > 2 * nodes:
        errors.append(FieldError("/routes", "length", f"should have at most {nodes - 1} customers in all"))
    return errors[:FAULTS_MAX]


def visit_violations(answer: Answer, nodes: int, vehicles: int | None) -> list[Violation]:
    """Customers that are not visited once, and routes that there are no vehicles for."""
    found, seen = list[Violation](), set[int]()
    for route in answer["routes"]:
        for node in route:
            if node in seen:
                found.append(Violation("repeated", f"node {node} is visited more than once"))
            seen.add(node)
    missing = (node for node in range(2, nodes + 1) if node not in seen)
    found += [Violation("missing", f"node {node} is not visited") for node in missing]
    used = sum(map(bool, answer["routes"]))
    if vehicles is not None and used > vehicles:
        detail = f"{used} routes leave, but there are {vehicles} vehicles"
        found.append(Violation("too_many_routes", detail, used - vehicles))
    return found


def route_shares(fleet: Fleet, answer: Answer, unit: int, load_unit: int, vehicles: int | None) -> Shares:
    """How long each route is, how much more its vehicle could carry, and how many routes there might be."""
    routes = numbered(answer)
    lengths = [fleet.length(route) for route in routes]
    rooms = [
        Room(f"route {place}: load", fleet.load(route), fleet.capacity, load_unit)
        for place, route in enumerate(routes)
        if route
    ]
    if vehicles is not None:
        rooms.append(Room("routes", sum(map(bool, routes)), vehicles, 1))
    return one_part("routes", lengths, unit, lambda k: f"route {k}: {len(routes[k])} customers", rooms)
