"""The shortest tour and the shortest paths by Held and Karp's recursion over sets of nodes."""

from __future__ import annotations

from queuebit_problems.kinds.routing.tsp_search import Distances


def shortest_tour(d: Distances) -> tuple[int, list[int]]:
    """The shortest tour by Held and Karp's recursion over sets of nodes: (length, tour from node 0). For a dozen nodes."""
    paths = shortest_paths(d)
    n = len(d)
    if n == 1:
        return 0, [0]
    every = (1 << (n - 1)) - 1
    best, last = min((paths[every][node] + d[node + 1][0], node) for node in range(n - 1))
    return best, [0, *path_back(d, paths, every, last)]


def farther(d: Distances) -> int:
    """Longer than any tour or routes over these distances, however large their integers are."""
    return 1 + 4 * sum(map(max, d))


def shortest_paths(d: Distances) -> list[list[int]]:
    """For each set of nodes 1.. as bits, and each node in it: the shortest path from 0 through the set that ends there."""
    m = len(d) - 1
    far = farther(d)
    paths = [[far] * m for _ in range(1 << m)]
    for node in range(m):
        paths[1 << node][node] = d[0][node + 1]
    into = [[d[other + 1][node + 1] for other in range(m)] for node in range(m)]
    for chosen in range(1, 1 << m):
        row = paths[chosen]
        if not chosen & (chosen - 1):
            continue
        for node in range(m):
            if chosen >> node & 1:
                row[node] = min(map(int.__add__, paths[chosen ^ (1 << node)], into[node]))
    return paths


def path_back(d: Distances, paths: list[list[int]], chosen: int, last: int) -> list[int]:
    """The nodes of the shortest path from 0 through the chosen set that ends at `last`, without 0."""
    found = []
    while True:
        found.append(last + 1)
        rest = chosen ^ (1 << last)
        if not rest:
            return found[::-1]
        wanted = paths[chosen][last]
        chosen, last = (
            rest,
            next(
                node
                for node in range(len(d) - 1)
                if rest >> node & 1 and paths[rest][node] + d[node + 1][last + 1] == wanted
            ),
        )
