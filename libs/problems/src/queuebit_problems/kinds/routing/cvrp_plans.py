"""Routes that are kept to earlier ones, way by way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from queuebit_problems.keeping.statement import Keep
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.chains import chains_of
from queuebit_problems.kinds.routing.cvrp_model import filled
from queuebit_problems.kinds.routing.cvrp_statement import CvrpStatement
from queuebit_problems.kinds.routing.pins_rows import Pins
from queuebit_problems.kinds.routing.routes_answer import shown
from queuebit_problems.kinds.routing.routes_rows import rows_of_loads
from queuebit_problems.kinds.routing.ways import Driven
from queuebit_problems.optimisation import CpReading
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


class LoadedRoutes(Driven[CvrpStatement]):
    def tours(self, answer: Answer) -> list[list[int]]:
        return [[1, *route, 1] for route in answer["routes"] if route]

    def model(self, statement: CvrpStatement, keep: Keep, model: cp_model.CpModel) -> CpReading:
        return filled(statement, model, keep.pinned)

    def rows(self, statement: CvrpStatement, keep: Keep) -> NamedRows | None:
        """What all routes keep, and what none can have together of what is pinned."""
        plain, symmetric = rows_of_loads(statement.fleet), statement.symmetric
        pins = Pins(plain, keep.pinned, partial(self.named, statement), symmetric=symmetric)
        pins.visited_once(range(2, statement.nodes + 1), statement.nodes)
        pins.carried(statement.fleet)
        return pins.found

    def nearest(self, statement: CvrpStatement, keep: Keep) -> Answer | None:
        """The pinned chains, the heaviest first, each at the end of the nearest route that has room and goes on."""
        fleet, d, symmetric = statement.fleet, statement.scaled[0], statement.symmetric
        ways = [(a - 1, b - 1) for a, b in keep.pinned]
        chains = chains_of(range(1, fleet.nodes), [way for way in ways if 0 not in way], symmetric=symmetric)
        if chains is None:
            return None
        first = {b for a, b in ways if a == 0}
        last = set(first) if symmetric else {a for a, b in ways if b == 0}
        routes: list[list[int]] = []
        for chain in sorted(chains, key=lambda each: -fleet.load(each)):
            turned = chain[::-1] if symmetric and chain[-1] in first and chain[0] not in first else chain
            open_ = [
                (d[route[-1]][turned[0]], place)
                for place, route in enumerate(routes)
                if route[-1] not in last and turned[0] not in first and fleet.load([*route, *turned]) <= fleet.capacity
            ]
            if open_ and len(routes) >= fleet.routes_min:
                place = min(open_)[1]
                routes[place] = [*routes[place], *turned]
            else:
                routes.append(turned)
        return shown(routes)


PLANS = LoadedRoutes()
