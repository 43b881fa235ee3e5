"""Routes in time windows, in plain Python: schedules, insertion at the cheapest place in time, the best route of a few."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from queuebit_problems.kinds.routing.cvrp_search import Fleet, Routes

REMOVED_SHARE = 0.2
REMOVED_MAX = 20
ROUNDS_EACH_MAX = 200
WORK_MAX = 1_000_000
"""Roughly how many places to stand one search may look at."""


@dataclass(frozen=True)
class TimedFleet(Fleet):
    """A fleet whose customers are served within windows, `service` long each. Node 0 is the depot, with its hours."""

    ready: list[int]
    due: list[int]
    service: list[int]

    def arrivals(self, route: Iterable[int]) -> list[int]:
        """When each customer can be served, waiting included, and last when the vehicle is back."""
        time, at, found = self.ready[0], 0, list[int]()
        for node in [*route, 0]:
            time = max(time + self.d[at][node], self.ready[node])
            found.append(time)
            time += self.service[node]
            at = node
        return found

    def in_time(self, route: Sequence[int]) -> bool:
        """Whether every customer, and the depot, is reached while its window is open."""
        return all(time <= self.due[node] for time, node in zip(self.arrivals(route), [*route, 0], strict=True))

    @cached_property
    def horizon(self) -> int:
        """By when any route is over, as none waits longer than until the last window opens."""
        return max(self.ready) + sum(self.service) + sum(map(max, self.d))

    @cached_property
    def closing(self) -> list[int]:
        """When each window closes, at the horizon at the latest: the same routes are in time."""
        return [min(due, self.horizon) for due in self.due]

    @cached_property
    def by_due(self) -> list[int]:
        """The customers by when their windows close."""
        return sorted(range(1, self.nodes), key=lambda node: (self.due[node], node))


def inserted(fleet: TimedFleet, routes: Routes, gone: Iterable[int], rng: random.Random, slip: float) -> Routes | None:
    """Each customer at the cheapest place that its window, the vehicle and the others' windows allow; None where none does."""
    loads = [fleet.load(route) for route in routes]
    d = fleet.d
    for node in gone:
        best: tuple[int, int, int] | None = None
        for at, route in enumerate(routes):
            if loads[at] + fleet.demand[node] > fleet.capacity or rng.random() < slip:
                continue
            before = 0
            for k, following in enumerate([*route, 0]):
                detour = d[before][node] + d[node][following] - d[before][following]
                before = following
                if best is not None and detour >= best[0]:
                    continue
                if fleet.in_time([*route[:k], node, *route[k:]]):
                    best = (detour, at, k)
        alone = d[0][node] + d[node][0]
        if best is None or (len(routes) < fleet.limit and alone < best[0]):
            if len(routes) >= fleet.limit or not fleet.in_time([node]):
                return None
            routes.append([node])
            loads.append(fleet.demand[node])
            continue
        _, at, k = best
        routes[at] = [*routes[at][:k], node, *routes[at][k:]]
        loads[at] += fleet.demand[node]
    return routes


def first_routes(fleet: TimedFleet, rng: random.Random) -> Routes | None:
    """Feasible routes: by closing windows, else in some orders by lot; None where none were found."""
    for attempt in range(6):
        order = list(fleet.by_due)
        if attempt:
            order.sort(key=lambda node: fleet.due[node] * rng.randint(700, 1300))
        found = inserted(fleet, [], order, rng, 0.0)
        if found is not None:
            return found
    return None


def searched(fleet: TimedFleet, start: Routes, rng: random.Random, share: int = 1) -> Routes:
    """Near customers are taken out and put back, kept where that is shorter: never longer than the start, which is feasible."""
    best, least = [list(route) for route in start if route], fleet.cost(start)
    customers = fleet.nodes - 1
    if customers < 2:
        return best
    count = max(2, min(REMOVED_MAX, int(REMOVED_SHARE * customers)))
    for _ in range(min(ROUNDS_EACH_MAX * customers, WORK_MAX // (count * customers * 3)) // share):
        gone = fleet.near[rng.randrange(1, fleet.nodes)][: rng.randint(2, count)]
        out = set(gone)
        left = [kept for route in best if (kept := [node for node in route if node not in out])]
        rng.shuffle(gone)
        found = inserted(fleet, left, gone, rng, 0.05)
        if found is not None and (then := fleet.cost(found)) < least:
            best, least = found, then
    return best


def best_route(fleet: TimedFleet, customers: Sequence[int]) -> tuple[int, list[int]] | None:
    """(length, order) of the shortest route in time through a few customers; None where there is none."""
    labels: dict[tuple[int, int], list[tuple[int, int, list[int]]]] = {(0, 0): [(0, fleet.ready[0], [])]}
    every = (1 << len(customers)) - 1
    for done in range(every):
        for at in (0, *customers):
            for cost, time, route in labels.pop((done, at), ()):
                for k, node in enumerate(customers):
                    arrival = max(time + fleet.service[at] * (at > 0) + fleet.d[at][node], fleet.ready[node])
                    if done >> k & 1 or arrival > fleet.due[node]:
                        continue
                    _keep(
                        labels.setdefault((done | 1 << k, node), []), cost + fleet.d[at][node], arrival, [*route, node]
                    )
    ends = [
        (cost + fleet.d[at][0], route)
        for (_, at), found in labels.items()
        for cost, time, route in found
        if time + fleet.service[at] + fleet.d[at][0] <= fleet.due[0]
    ]
    return min(ends) if ends and customers else None


def _keep(known: list[tuple[int, int, list[int]]], cost: int, time: int, route: list[int]) -> None:
    """Keep a way to a customer unless another one is no longer and no later."""
    if any(c <= cost and t <= time for c, t, _ in known):
        return
    known[:] = [(c, t, r) for c, t, r in known if c < cost or t < time]
    known.append((cost, time, route))


def cheapest(fleet: TimedFleet) -> Routes | None:
    """The shortest routes over all sets of a few customers; None where none are feasible."""
    m = fleet.nodes - 1
    costs: dict[int, tuple[int, list[int]]] = {}
    for chosen in range(1, 1 << m):
        members = [node + 1 for node in range(m) if chosen >> node & 1]
        if fleet.load(members) <= fleet.capacity and (found := best_route(fleet, members)) is not None:
            costs[chosen] = found
    best: list[dict[int, tuple[int, Routes]]] = [{0: (0, [])}]
    for _ in range(min(fleet.limit, m)):
        layer = dict(best[-1])
        for done, (cost, routes) in best[-1].items():
            low = ((1 << m) - 1) & ~done
            low &= -low
            for chosen, (length, route) in costs.items():
                if not chosen & low or chosen & done:
                    continue
                then = cost + length
                if done | chosen not in layer or then < layer[done | chosen][0]:
                    layer[done | chosen] = (then, [*routes, route])
        best.append(layer)
    whole = best[-1].get((1 << m) - 1)
    return None if whole is None else whole[1]
