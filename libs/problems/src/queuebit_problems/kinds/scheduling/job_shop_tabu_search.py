"""Job shops in plain Python: tabu search on the critical path. Operations count from 0."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from queuebit_problems.kinds.scheduling.job_shop_search import Shop, Starts

STEPS_MAX = 4_000
WORK_MAX = 600_000
"""Roughly how many operations all steps of one tabu search may look at."""


class _Graph:
    """The order of the operations on each machine, and the longest paths that follow from it.

    `end[o]`: the longest path up to and with o; `whole[o]`: with o and onward. Both have a last item 0, which is that of the
    operation -1: none. `order` goes along all paths.
    """

    def __init__(self, shop: Shop, starts: Sequence[int]) -> None:
        n = len(shop.machine)
        self.shop, self.n = shop, n
        self.job_before, self.job_after = [-1] * n, [-1] * n
        self.before, self.after = [-1] * n, [-1] * n
        for job in shop.jobs:
            for a, b in pairwise(job):
                self.job_after[a], self.job_before[b] = b, a
        self.order = _topological(shop, starts)
        self.place = [0] * n
        for place, o in enumerate(self.order):
            self.place[o] = place
        for mine in shop.machines:
            ordered = sorted(mine, key=self.place.__getitem__)
            for a, b in pairwise(ordered):
                self.after[a], self.before[b] = b, a
        self.end, self.whole = [0] * (n + 1), [0] * (n + 1)
        self.makespan = 0
        self._measure(0, n)

    def starts(self) -> Starts:
        """When each operation starts at the earliest."""
        return [end - duration for end, duration in zip(self.end, self.shop.duration, strict=False)]

    def _measure(self, first: int, last: int) -> None:
        """Bring the paths up to date where the order changed between two places, which is everything behind and before."""
        duration, end, whole, order = self.shop.duration, self.end, self.whole, self.order
        one, other = self.job_before, self.before
        for o in order[first:]:
            a, b = end[one[o]], end[other[o]]
            end[o] = (a if a > b else b) + duration[o]
        one, other = self.job_after, self.after
        for o in order[last::-1]:
            a, b = whole[one[o]], whole[other[o]]
            whole[o] = (a if a > b else b) + duration[o]
        self.makespan = max(end)

    def swaps(self, rng: random.Random) -> list[tuple[int, int]]:
        """The pairs at the ends of the blocks of one critical path: exchanging any other cannot shorten it at once."""
        duration, end, whole, makespan = self.shop.duration, self.end, self.whole, self.makespan
        firsts = [o for o in range(self.n) if whole[o] == makespan and end[o] == duration[o] and duration[o]]
        if not firsts:
            return []
        path = [firsts[rng.randrange(len(firsts))]]
        while end[path[-1]] < makespan:
            o = path[-1]
            onward = [
                p
                for p in (self.job_after[o], self.after[o])
                if p >= 0 and end[p] - duration[p] == end[o] and end[o] + whole[p] == makespan
            ]
            path.append(onward[rng.randrange(len(onward))] if len(onward) > 1 else onward[0])
        found: dict[tuple[int, int], None] = {}
        block = 0
        for place in range(1, len(path) + 1):
            if place < len(path) and self.after[path[place - 1]] == path[place]:
                continue
            if place - block > 1:
                if block > 0:
                    found[path[block], path[block + 1]] = None
                if place < len(path):
                    found[path[place - 2], path[place - 1]] = None
            block = place
        return [pair for pair in found if self.job_after[pair[0]] != pair[1]]

    def estimate(self, u: int, v: int) -> int:
        """The longest path through u or v once v stands before u."""
        duration, end, whole = self.shop.duration, self.end, self.whole
        v_ends = max(end[self.job_before[v]], end[self.before[u]]) + duration[v]
        u_ends = max(end[self.job_before[u]], v_ends) + duration[u]
        u_rests = max(whole[self.job_after[u]], whole[self.after[v]])
        v_rests = max(whole[self.job_after[v]], u_rests + duration[u])
        return max(v_ends + v_rests, u_ends + u_rests)

    def swap(self, u: int, v: int) -> bool:
        """Put v before u, its neighbour on the machine; whether that was possible: not where a path leads from u to v."""
        order, place = self.order, self.place
        first, last = place[u], place[v]
        ahead, needed = [v], {self.job_before[v]}
        for o in order[last - 1 : first : -1]:
            if o in needed:
                ahead.append(o)
                needed.update((self.job_before[o], self.before[o]))
        if u in needed:
            return False
        moved = set(ahead)
        order[first : last + 1] = ahead[::-1] + [o for o in order[first : last + 1] if o not in moved]
        for at in range(first, last + 1):
            place[order[at]] = at
        before, after = self.before[u], self.after[v]
        if before >= 0:
            self.after[before] = v
        if after >= 0:
            self.before[after] = u
        self.before[v], self.after[v] = before, u
        self.before[u], self.after[u] = v, after
        self._measure(first, last)
        return True


def _topological(shop: Shop, starts: Sequence[int]) -> list[int]:
    """The operations of a feasible schedule by start, in an order that jobs and machines keep."""
    place = {o: k for job in shop.jobs for k, o in enumerate(job)}
    return sorted(range(len(starts)), key=lambda o: (starts[o], starts[o] + shop.duration[o], place[o]))


def tabu(shop: Shop, start: Starts, rng: random.Random, *, steps_max: int = STEPS_MAX, kicks: int = 0) -> Starts:
    """Exchange neighbours on a critical path, even where that lengthens it, and keep the best; the start must be feasible.

    `kicks`: how many such exchanges are drawn by lot first.
    """
    graph = _Graph(shop, start)
    for _ in range(kicks):
        pairs = graph.swaps(rng)
        if pairs:
            graph.swap(*pairs[rng.randrange(len(pairs))])
    best, lowest = start, shop.makespan(start)
    if graph.makespan <= lowest:
        best, lowest = graph.starts(), graph.makespan
    barred: dict[tuple[int, int], int] = {}
    for step in range(max(1, min(steps_max, WORK_MAX // len(start)))):
        if lowest <= shop.bound:
            break
        pairs = graph.swaps(rng)
        if not pairs:
            break
        rated = [(graph.estimate(u, v), u, v) for u, v in pairs]
        allowed = [pair for pair in rated if barred.get(pair[1:], -1) < step or pair[0] < lowest]
        _, u, v = min(allowed) if allowed else rated[rng.randrange(len(rated))]
        barred[v, u] = step + 8 + rng.randrange(8)
        if not graph.swap(u, v):
            barred[u, v] = step + 8
        elif graph.makespan < lowest:
            best, lowest = graph.starts(), graph.makespan
    return best
