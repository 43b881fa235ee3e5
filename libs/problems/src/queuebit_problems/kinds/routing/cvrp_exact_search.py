"""The shortest vehicle routes, proved over all sets of customers."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_problems.kinds.routing.cvrp_search import Fleet, Routes
from queuebit_problems.kinds.routing.tsp_exact_search import shortest_paths, shortest_tour


def cheapest(fleet: Fleet) -> Routes | None:
    """The shortest routes, proved over all sets of customers; None where no routes are feasible. For ten customers."""
    paths, m = shortest_paths(fleet.d), fleet.nodes - 1
    far = fleet.farther
    cost = [far] * (1 << m)
    for chosen in range(1, 1 << m):
        members = [node for node in range(m) if chosen >> node & 1]
        if sum(fleet.demand[node + 1] for node in members) <= fleet.capacity:
            cost[chosen] = min(paths[chosen][node] + fleet.d[node + 1][0] for node in members)
    best = [0, *[far] * ((1 << m) - 1)]
    chosen_last: list[dict[int, int]] = []
    for _ in range(min(fleet.limit, m)):
        found, last = list(best), dict[int, int]()
        for chosen in range(1, 1 << m):
            low = chosen & -chosen
            part = chosen
            while part:
                if part & low and cost[part] + best[chosen ^ part] < found[chosen]:
                    found[chosen] = cost[part] + best[chosen ^ part]
                    last[chosen] = part
                part = (part - 1) & chosen
        if found == best:
            break
        best = found
        chosen_last.append(last)
    chosen, routes = (1 << m) - 1, Routes()
    if best[chosen] >= far:
        return None
    for last in reversed(chosen_last):
        if chosen in last:
            part = last[chosen]
            routes.append([node + 1 for node in range(m) if part >> node & 1])
            chosen ^= part
    return [best_order(fleet, route)[1] for route in routes]


def best_order(fleet: Fleet, customers: Sequence[int]) -> tuple[int, list[int]]:
    """(length, order) of the shortest route through a few customers."""
    nodes = [0, *customers]
    length, tour = shortest_tour([[fleet.d[a][b] for b in nodes] for a in nodes])
    return length, [nodes[place] for place in tour[1:]]
