"""Routes in time windows that are kept to earlier ones, way by way."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from queuebit_problems.keeping.plans import Plans
from queuebit_problems.keeping.statement import Choice, Keep
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.cvrp_search import Routes
from queuebit_problems.kinds.routing.pins_rows import Pins
from queuebit_problems.kinds.routing.routes_answer import shown
from queuebit_problems.kinds.routing.routes_rows import rows_in_time
from queuebit_problems.kinds.routing.vrptw_model import filled
from queuebit_problems.kinds.routing.vrptw_search import inserted
from queuebit_problems.kinds.routing.vrptw_statement import VrptwStatement
from queuebit_problems.optimisation import CpReading
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


class TimedRoutes(Plans[VrptwStatement]):
    """The parts are the ways that are driven, from the depot and back to it."""

    def parts(self, statement: VrptwStatement, answer: Answer) -> list[Choice]:
        every = range(1, statement.nodes + 1)
        ways = (way for route in answer["routes"] if route for way in pairwise([1, *route, 1]))
        return [(a, b) for a, b in ways if a in every and b in every]

    def named(self, statement: VrptwStatement, part: Choice) -> str:
        del statement
        return f"{part[0]} to {part[1]}"

    def model(self, statement: VrptwStatement, keep: Keep, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model, keep)

    def rows(self, statement: VrptwStatement, keep: Keep) -> NamedRows | None:
        """What all routes keep, and what none can have together of what is pinned."""
        pins = Pins(rows_in_time(statement.fleet), keep.pinned, partial(self.named, statement), symmetric=False)
        pins.visited_once(range(2, statement.nodes + 1), statement.nodes)
        pins.carried(statement.fleet)
        return pins.found

    def nearest(self, statement: VrptwStatement, keep: Keep) -> Answer | None:
        """The earlier routes as far as each is in time, pinned ways first; who is missing is put in at the cheapest place."""
        fleet = statement.fleet
        following: dict[int, int] = {}
        for a, b in (*keep.pinned, *keep.before):
            if a != 1:
                following.setdefault(a, b)
        starts = dict.fromkeys(b for a, b in (*keep.pinned, *keep.before) if a == 1 and b != 1)
        routes, seen = Routes(), set[int]()
        for start in list(starts)[: fleet.limit]:
            route, node = list[int](), start
            while node != 1 and node not in seen:
                longer = [*route, node - 1]
                if fleet.load(longer) > fleet.capacity or not fleet.in_time(longer):
                    break
                route = longer
                seen.add(node)
                node = following.get(node, 1)
            if route:
                routes.append(route)
        missing = [node for node in fleet.by_due if node + 1 not in seen]
        found = inserted(fleet, routes, missing, random.Random(0), 0.0)
        return None if found is None else shown(found)


PLANS = TimedRoutes()
