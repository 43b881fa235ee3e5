"""Vehicle routes in plain Python: savings, ruin and recreate, and bounds. Node 0 is the depot; all numbers are integers."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from queuebit_problems.kinds.packing.bin_packing_search import decreasing, first_fit, packed
from queuebit_problems.kinds.routing.tsp_exact_search import farther
from queuebit_problems.kinds.routing.tsp_search import good_tour

Routes = list[list[int]]
NEAR = 100
REMOVED_MEAN = 10
STRING_MAX = 10
ROUNDS_EACH_MAX = 300
WORK_MAX = 4_000_000
"""Roughly how many places to stand one search may look at."""


@dataclass(frozen=True)
class Fleet:
    """What the routes must serve. `limit` is the most routes that may leave."""

    d: list[list[int]]
    demand: list[int]
    capacity: int
    limit: int

    @property
    def nodes(self) -> int:
        return len(self.d)

    @cached_property
    def near(self) -> list[list[int]]:
        """The customers by distance from each node, itself first among them."""
        customers = range(1, self.nodes)
        return [sorted(customers, key=lambda node: (node != i, self.d[i][node]))[:NEAR] for i in range(self.nodes)]

    @cached_property
    def farther(self) -> int:
        """Longer than any routes."""
        return farther(self.d)

    @cached_property
    def back(self) -> list[list[int]]:
        """The distances to each node."""
        return [list(column) for column in zip(*self.d, strict=True)]

    @cached_property
    def symmetric(self) -> bool:
        return self.d == self.back

    @cached_property
    def routes_min(self) -> int:
        """How many routes the demand needs at least."""
        return routes_min(self.demand, self.capacity)

    def cost(self, routes: Iterable[Sequence[int]]) -> int:
        """The length of all routes."""
        return sum(self.length(route) for route in routes)

    def length(self, route: Sequence[int]) -> int:
        """From the depot through the customers and back; nothing if there are none."""
        if not route:
            return 0
        d = self.d
        inside = sum(d[a][b] for a, b in pairwise(route))
        return d[0][route[0]] + inside + d[route[-1]][0]

    def load(self, route: Iterable[int]) -> int:
        return sum(self.demand[node] for node in route)


def routes_min(demand: Sequence[int], capacity: int) -> int:
    """How many routes of one capacity the demand needs at least."""
    return max(1, -(-sum(demand) // capacity)) if capacity else 1


def savings(fleet: Fleet) -> Routes:
    """Clarke and Wright: routes are joined end to end where that saves most. It may use more routes than there are."""
    d, near = fleet.d, fleet.near
    pairs = [(d[i][0] + d[0][j] - d[i][j], i, j) for i in range(1, fleet.nodes) for j in near[i] if i != j]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    routes = {node: [node] for node in range(1, fleet.nodes)}
    loads = {node: fleet.demand[node] for node in routes}
    name = {node: node for node in routes}
    for saved, i, j in pairs:
        one, other = name[i], name[j]
        if saved <= 0 and len(routes) <= fleet.limit:
            break
        if one == other or loads[one] + loads[other] > fleet.capacity:
            continue
        first, second = routes[one], routes[other]
        if fleet.symmetric:
            first = first[::-1] if first[0] == i else first
            second = second[::-1] if second[-1] == j else second
        if first[-1] != i or second[0] != j:
            continue
        routes[one] = first + second
        loads[one] += loads.pop(other)
        del routes[other]
        for node in second:
            name[node] = one
    return list(routes.values())


def first_routes(fleet: Fleet, rng: random.Random) -> Routes | None:
    """Feasible routes: by savings, or where those are too many by packing demands; None where none were found."""
    routes = savings(fleet)
    if len(routes) <= fleet.limit:
        return routes
    sizes = fleet.demand[1:]
    bins = packed(sizes, fleet.capacity, first_fit(sizes, fleet.capacity, decreasing(sizes)), fleet.limit, rng)
    if len(bins) > fleet.limit:
        return None
    return [tour_of(fleet, [item + 1 for item in members]) for members in bins]


def tour_of(fleet: Fleet, customers: Sequence[int]) -> list[int]:
    """The customers in a good order."""
    nodes = [0, *customers]
    d = [[fleet.d[a][b] for b in nodes] for a in nodes]
    tour = good_tour(d, range(len(nodes)), None, symmetric=fleet.symmetric)
    start = tour.index(0)
    return [nodes[place] for place in tour[start + 1 :] + tour[:start]]


def polished(fleet: Fleet, routes: Routes) -> Routes:
    """Each route in a good order, never longer."""
    return [min(tour_of(fleet, route), route, key=fleet.length) for route in routes if route]


def searched(fleet: Fleet, start: Routes, rng: random.Random, *, share: int = 1) -> Routes:
    """Slack induction by string removals (Christiaens and Vanden Berghe): never longer than the start, which is feasible."""
    now = best = [list(route) for route in start if route]
    cost = lowest = fleet.cost(now)
    customers = fleet.nodes - 1
    if customers < 2:
        return best
    rounds = min(ROUNDS_EACH_MAX * customers, WORK_MAX // (REMOVED_MEAN * (customers + 5))) // share
    hot = cost / customers / 3 * min(1.0, rounds / (50 * customers))
    for step in range(rounds):
        heat = hot * 0.01 ** (step / rounds)
        found = _recreated(fleet, *_ruined(fleet, now, rng), rng)
        if found is None:
            continue
        then = fleet.cost(found)
        if then < cost - heat * math.log(rng.random() or 0.5):
            now, cost = found, then
            if cost < lowest:
                best, lowest = now, cost
    return polished(fleet, best)


def _ruined(fleet: Fleet, routes: Routes, rng: random.Random) -> tuple[Routes, list[int]]:
    """(the routes without some strings of customers that lie near each other, those customers)."""
    place = {node: at for at, route in enumerate(routes) for node in route}
    longest = min(STRING_MAX, max(1, (fleet.nodes - 1) // len(routes)))
    strings = int(rng.uniform(1, 4 * REMOVED_MEAN / (1 + longest)))
    left, gone, cut = list(routes), list[int](), set[int]()
    for node in fleet.near[rng.randrange(1, fleet.nodes)]:
        at = place[node]
        if at in cut:
            continue
        route = left[at]
        size = int(rng.uniform(1, min(len(route), longest) + 1))
        where = route.index(node)
        first = rng.randint(max(0, where - size + 1), min(where, len(route) - size))
        gone += route[first : first + size]
        left[at] = route[:first] + route[first + size :]
        cut.add(at)
        if len(cut) >= strings:
            break
    return [route for route in left if route], gone


def _recreated(fleet: Fleet, routes: Routes, gone: list[int], rng: random.Random) -> Routes | None:
    """Put the customers back, each at the cheapest place that fits, now and then overlooking one; None where none fits."""
    d, demand = fleet.d, fleet.demand
    order = rng.randrange(11)
    rng.shuffle(gone)
    if 4 <= order < 8:
        gone.sort(key=lambda node: -demand[node])
    elif order >= 8:
        gone.sort(key=lambda node: d[0][node] if order == 10 else -d[0][node])
    loads = [fleet.load(route) for route in routes]
    for node in gone:
        to, back, size = d[node], fleet.back[node], demand[node]
        best, least, at = -1, fleet.farther, 0
        for place, route in enumerate(routes):
            if loads[place] + size > fleet.capacity or rng.random() < 0.01:
                continue
            before = 0
            for k, following in enumerate([*route, 0]):
                detour = back[before] + to[following] - d[before][following]
                if detour < least:
                    best, least, at = place, detour, k
                before = following
        if best < 0 or (len(routes) < fleet.limit and to[0] + back[0] < least):
            if len(routes) >= fleet.limit:
                return None
            routes.append([node])
            loads.append(size)
        else:
            route = routes[best]
            routes[best] = [*route[:at], node, *route[at:]]
            loads[best] += size
    return routes


def repaired(fleet: Fleet, routes: Iterable[Sequence[int]], rng: random.Random) -> Routes | None:
    """Feasible routes that keep what they can: repeats and what is too much are taken out and put back; None if that fails."""
    seen, left, loose = set[int](), Routes(), list[int]()
    for route in routes:
        kept = [node for node in dict.fromkeys(route) if node not in seen]
        seen.update(kept)
        while fleet.load(kept) > fleet.capacity:
            worst = min(kept, key=lambda node: (-fleet.demand[node], node))
            kept.remove(worst)
            loose.append(worst)
        left.append(kept)
    left = sorted((route for route in left if route), key=fleet.load, reverse=True)
    for route in left[fleet.limit :]:
        loose += route
    loose += [node for node in range(1, fleet.nodes) if node not in seen]
    for _ in range(20):
        found = _recreated(fleet, [list(route) for route in left[: fleet.limit]], list(loose), rng)
        if found is not None:
            return [route for route in found if route]
    return None


def lower_bound(fleet: Fleet) -> int:
    """The best of: ways to and fro in proportion to demand; the shortest ways at each node; a spanning tree."""
    n, d = fleet.nodes, fleet.d
    if n == 1:
        return 0
    out, back = _reached(fleet.d), _reached(fleet.back)
    radial = sum(fleet.demand[i] * (out[i] + back[i]) for i in range(1, n))
    bounds = [-(-radial // fleet.capacity) if fleet.capacity else 0, max(a + b for a, b in zip(out, back, strict=True))]
    leave = [min(row[:i] + row[i + 1 :]) for i, row in enumerate(d)]
    enter = [min(row[:i] + row[i + 1 :]) for i, row in enumerate(fleet.back)]
    for ways in (leave, enter):
        bounds.append(sum(ways[1:]) + fleet.routes_min * ways[0])
    if fleet.symmetric:
        twice = fleet.routes_min * 2 * leave[0]
        for i in range(1, n):
            two = sorted(d[i][:i] + d[i][i + 1 :])[:2]
            twice += min(sum(two) if len(two) == 2 else 2 * two[0], 2 * d[0][i])
        bounds += [-(-twice // 2), _spanning_tree(d)]
    return max(bounds)


def _reached(d: Sequence[Sequence[int]]) -> list[int]:
    """The length of the shortest path from the depot to each node, through any others."""
    length, open_ = list(d[0]), set(range(1, len(d)))
    length[0] = 0
    while open_:
        node = min(open_, key=length.__getitem__)
        open_.remove(node)
        for other in open_:
            length[other] = min(length[other], length[node] + d[node][other])
    return length


def _spanning_tree(d: Sequence[Sequence[int]]) -> int:
    near, open_, weight = list(d[0]), set(range(1, len(d))), 0
    while open_:
        node = min(open_, key=near.__getitem__)
        open_.remove(node)
        weight += near[node]
        for other in open_:
            near[other] = min(near[other], d[node][other])
    return weight
