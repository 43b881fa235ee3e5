"""Tours in plain Python: nearest neighbour, 2-opt and Or-opt with near nodes, small perturbations, and a bound by 1-trees.

Nodes count from 0; distances are integers, not negative.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

NEAR = 8
SEGMENT_MAX = 3
ROUNDS_EACH_MAX = 100
WORK_MAX = 4_000_000
"""Roughly how many distances and places all perturbations together may look at."""

Distances = Sequence[Sequence[int]]


def length(d: Distances, tour: Sequence[int]) -> int:
    """The length of the closed tour."""
    return sum(d[a][b] for a, b in zip(tour, [*tour[1:], *tour[:1]], strict=True))


def nearest_neighbour(d: Distances, start: int = 0) -> list[int]:
    """Always the nearest node that was not visited yet."""
    left, tour = set(range(len(d))) - {start}, [start]
    while left:
        row = d[tour[-1]]
        tour.append(min(left, key=lambda node: (row[node], node)))
        left.remove(tour[-1])
    return tour


def inserted(d: Distances, tour: Sequence[int], missing: Iterable[int]) -> list[int]:
    """The tour with each missing node where the detour is least."""
    found = list(tour)
    for node in missing:
        if not found:
            found.append(node)
            continue
        costs = [d[a][node] + d[node][b] - d[a][b] for a, b in zip(found, [*found[1:], found[0]], strict=True)]
        found.insert(costs.index(min(costs)) + 1, node)
    return found


class Search:
    """Local search on one tour: `improve` until no move of a queued node gains."""

    def __init__(self, d: Distances, tour: Sequence[int], *, symmetric: bool) -> None:
        self.d = d
        self.symmetric = symmetric
        self.tour = list(tour)
        self.place = [0] * len(d)
        self.work = 0
        self.near = [
            sorted((other for other in range(len(d)) if other != node), key=row.__getitem__)[:NEAR]
            for node, row in enumerate(d)
        ]
        self._replace()

    def _replace(self) -> None:
        for place, node in enumerate(self.tour):
            self.place[node] = place

    def improve(self, nodes: Iterable[int], work_max: int = 100 * WORK_MAX) -> int:
        """Make gaining moves around the nodes and those they touch; how much shorter the tour is."""
        queue = dict.fromkeys(nodes)
        gained = 0
        while queue and self.work < work_max:
            node = next(iter(queue))
            del queue[node]
            while True:
                gain, touched = self._two_opt(node) if self.symmetric else (0, ())
                if not gain:
                    gain, touched = self._or_opt(node)
                if not gain:
                    break
                gained += gain
                queue.update(dict.fromkeys(touched))
        return gained

    def _two_opt(self, a: int) -> tuple[int, tuple[int, ...]]:
        d, tour, place, n = self.d, self.tour, self.place, len(self.tour)
        self.work += 2 * NEAR
        for step in (1, -1):
            b = tour[(place[a] + step) % n]
            ab = d[a][b]
            for c in self.near[a]:
                ac = d[a][c]
                if ac >= ab:
                    break
                e = tour[(place[c] + step) % n]
                gain = ab + d[c][e] - ac - d[b][e]
                if gain > 0:
                    if step == 1:
                        self._reverse(place[b], place[c])
                    else:
                        self._reverse(place[c], place[b])
                    return gain, (a, b, c, e)
        return 0, ()

    def _reverse(self, i: int, j: int) -> None:
        """Turn the path from place i to place j around, or what is left, whichever is shorter: the tour is the same."""
        n = len(self.tour)
        inside = (j - i) % n + 1
        if 2 * inside > n:
            i, j, inside = (j + 1) % n, (i - 1) % n, n - inside
        tour, place = self.tour, self.place
        self.work += inside
        for _ in range(inside // 2):
            tour[i], tour[j] = tour[j], tour[i]
            place[tour[i]], place[tour[j]] = i, j
            i, j = (i + 1) % n, (j - 1) % n

    def _or_opt(self, node: int) -> tuple[int, tuple[int, ...]]:
        """Move a short path that starts or ends at the node next to one of its near nodes."""
        d, tour, place, n = self.d, self.tour, self.place, len(self.tour)
        self.work += 4 * NEAR * SEGMENT_MAX
        for size in range(1, min(SEGMENT_MAX, n - 2) + 1):
            for first in {place[node], (place[node] - size + 1) % n}:
                last = (first + size - 1) % n
                s, e = tour[first], tour[last]
                before, after = tour[first - 1], tour[(last + 1) % n]
                saved = d[before][s] + d[e][after] - d[before][after]
                if saved <= 0:
                    continue
                best = self._best_place(node, s, e, first, size, saved)
                if best is None:
                    continue
                gain, left, turned = best
                right = tour[(place[left] + 1) % n]
                self._move(first, size, left, turned)
                return gain, (before, after, s, e, left, right)
        return 0, ()

    def _best_place(self, node: int, s: int, e: int, first: int, size: int, saved: int) -> tuple[int, int, bool] | None:
        """(gain, the node to stand behind, whether turned around) of the best place next to a near node."""
        d, tour, place, n = self.d, self.tour, self.place, len(self.tour)
        best, gain_most = None, 0
        for near in self.near[node]:
            if (place[near] - first) % n < size:
                continue
            for left in (near, tour[place[near] - 1]):
                right = tour[(place[left] + 1) % n]
                if (place[left] - first) % n < size or (place[right] - first) % n < size:
                    continue
                gain = saved + d[left][right] - d[left][s] - d[e][right]
                if gain > gain_most:
                    best, gain_most = (gain, left, False), gain
                if self.symmetric:
                    gain = saved + d[left][right] - d[left][e] - d[s][right]
                    if gain > gain_most:
                        best, gain_most = (gain, left, True), gain
        return best

    def _move(self, first: int, size: int, left: int, turned: bool) -> None:
        n = len(self.tour)
        rotated = self.tour[first:] + self.tour[:first]
        path, rest = rotated[:size], rotated[size:]
        at = (self.place[left] - first) % n - size + 1
        self.tour = rest[:at] + (path[::-1] if turned else path) + rest[at:]
        self._replace()
        self.work += n // 4

    def perturb(self, rng: random.Random) -> list[int]:
        """Exchange two neighbouring short paths (a double bridge); the nodes at the cuts."""
        n = len(self.tour)
        reach = min(n - 1, 50)
        start = rng.randrange(n)
        one, two, three = sorted(rng.sample(range(1, reach + 1), 3))
        rotated = self.tour[start:] + self.tour[:start]
        self.tour = rotated[:one] + rotated[two:three] + rotated[one:two] + rotated[three:]
        self._replace()
        self.work += n
        return [self.tour[i % n] for cut in (one, one + three - two, three) for i in (cut - 1, cut)]


def good_tour(d: Distances, start: Sequence[int], rng: random.Random | None, *, symmetric: bool) -> list[int]:
    """A tour never longer than the start: local search, then perturbations that are kept where they do not lengthen it."""
    if len(d) < 4:
        return list(start)
    search = Search(d, start, symmetric=symmetric)
    search.improve(start)
    if rng is None or len(d) < 5:
        return search.tour
    search.work = 0
    now = length(d, search.tour)
    for _ in range(ROUNDS_EACH_MAX * len(d)):
        if search.work > WORK_MAX:
            break
        kept, kept_place = list(search.tour), list(search.place)
        search.improve(search.perturb(rng))
        then = length(d, search.tour)
        search.work += len(d)
        if then > now:
            search.tour, search.place = kept, kept_place
        else:
            now = then
    return search.tour


def one_tree_bound(d: Distances, upper: int, work_max: int = 2_000_000) -> int:
    """Held and Karp's bound for symmetric distances by 1-trees, in integers so that it is valid as it stands.

    Whole multipliers raise the distances at nodes of many edges and lower them at leaves, which no tour notices.
    """
    n, scale = len(d), 8
    multipliers, best = [0] * n, 0
    step = max(1, scale * upper // (2 * n))
    for _ in range(max(1, min(100, work_max // (n * n)))):
        weight, degree = _one_tree(d, multipliers, scale)
        best = max(best, -(-(weight - 2 * sum(multipliers)) // scale))
        if all(count == 2 for count in degree):
            break
        multipliers = [m + step * (count - 2) for m, count in zip(multipliers, degree, strict=True)]
        step = max(1, step * 93 // 100)
    return best


def _one_tree(d: Distances, multipliers: list[int], scale: int) -> tuple[int, list[int]]:
    """(weight, degrees) of the least spanning tree without node 0 and of node 0's two least edges."""
    n = len(d)
    degree = [0] * n
    near = [scale * value + m for value, m in zip(d[1], multipliers, strict=True)]
    parent = [1] * n
    left = list(range(2, n))
    weight = 0
    mine = multipliers[1]
    near = [value + mine for value in near]
    while left:
        node = min(left, key=near.__getitem__)
        left.remove(node)
        weight += near[node]
        degree[node] += 1
        degree[parent[node]] += 1
        row, mine = d[node], multipliers[node]
        for other in left:
            value = scale * row[other] + mine + multipliers[other]
            if value < near[other]:
                near[other] = value
                parent[other] = node
    ends = sorted(range(1, n), key=lambda node: scale * d[0][node] + multipliers[node])[:2]
    for node in ends:
        weight += scale * d[0][node] + multipliers[0] + multipliers[node]
        degree[node] += 1
        degree[0] += 1
    return weight, degree
