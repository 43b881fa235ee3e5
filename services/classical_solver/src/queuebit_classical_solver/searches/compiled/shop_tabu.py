"""Steps of tabu search over job shops as machine code: an operation of a critical block goes to an end of it, or an end of it
inward (the neighbourhood N7 of Zhang and others, which holds Balas and Vazacopoulos' N6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from queuebit_classical_solver.searches.compiled.compiler import Counts, Flags, Lot, Whole, compiled, drawn

NONE_YET = 1 << 60


class Shop(NamedTuple):
    """What is given. Operations count from 0; -1 stands for none, and is the last place of arrays that end in a 0.

    `pair[o]` and `rank[o]` number the pairs of operations of one machine: a and b are the pair `pair[a] + rank[b]`.
    """

    duration: Counts
    job_before: Counts
    job_after: Counts
    pair: Counts
    rank: Counts
    pairs: int


class Order(NamedTuple):
    """A schedule: for each operation the one before and after it on its machine; an order along all arrows, and places in it;
    the longest path up to and with an operation, and from it on.
    """

    before: Counts
    after: Counts
    order: Counts
    place: Counts
    end: Counts
    whole: Counts


def shop_of(jobs: Sequence[Sequence[int]], machines: Sequence[Sequence[int]], duration: Sequence[int]) -> Shop:
    """The same in arrays."""
    n = len(duration)
    job_before, job_after, pair, rank = (np.full(n, -1, dtype=np.int64) for _ in range(4))
    for job in jobs:
        job_after[list(job[:-1])] = job[1:]
        job_before[list(job[1:])] = job[:-1]
    pairs = 0
    for mine in machines:
        for place, operation in enumerate(mine):
            pair[operation], rank[operation] = pairs + place * len(mine), place
        pairs += len(mine) ** 2
    return Shop(np.array([*duration, 0], dtype=np.int64), job_before, job_after, pair, rank, pairs)


def order_of(shop: Shop, machines: Sequence[Sequence[int]], order: Sequence[int]) -> Order:
    """The schedule in which operations begin in this order, which must keep that of the jobs."""
    n = len(shop.rank)
    along = np.array(order, dtype=np.int64)
    place = np.empty(n, dtype=np.int64)
    place[along] = np.arange(n)
    before, after = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    for mine in machines:
        ordered = sorted(mine, key=place.__getitem__)
        after[ordered[:-1]] = ordered[1:]
        before[ordered[1:]] = ordered[:-1]
    return Order(before, after, along, place, np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64))


@compiled
def _measured(shop: Shop, s: Order, first: int, last: int) -> int:
    """Bring the paths up to date where the order changed between two places; the makespan."""
    n = len(s.order)
    for at in range(first, n):
        o = s.order[at]
        s.end[o] = max(s.end[shop.job_before[o]], s.end[s.before[o]]) + shop.duration[o]
    for at in range(last, -1, -1):
        o = s.order[at]
        s.whole[o] = max(s.whole[shop.job_after[o]], s.whole[s.after[o]]) + shop.duration[o]
    makespan = 0
    for o in range(n):
        makespan = max(makespan, int(s.end[o]))
    return makespan


def starts(shop: Shop, s: Order) -> list[int]:
    """When each operation begins at the earliest."""
    _measured(shop, s, 0, len(s.order) - 1)
    found: list[int] = (s.end - shop.duration)[:-1].tolist()
    return found


@compiled
def _path(shop: Shop, s: Order, makespan: int, path: Counts, lot: Lot) -> int:
    """One critical path, by lot where there are several; how many operations it has."""
    o, ways = -1, 0
    for p in range(len(s.order)):
        if s.whole[p] == makespan and s.end[p] == shop.duration[p] and shop.duration[p] > 0:
            ways += 1
            if drawn(lot, ways) == 0:
                o = p
    if o < 0:
        return 0
    size = 1
    path[0] = o
    while s.end[o] < makespan:
        job, machine = shop.job_after[o], s.after[o]
        by_job = job >= 0 and s.end[job] - shop.duration[job] == s.end[o] and s.end[o] + s.whole[job] == makespan
        by_machine = (
            machine >= 0
            and s.end[machine] - shop.duration[machine] == s.end[o]
            and s.end[o] + s.whole[machine] == makespan
        )
        o = int(machine if by_machine and (not by_job or drawn(lot, 2) == 0) else job)
        path[size] = o
        size += 1
    return size


@compiled
def _rated(shop: Shop, s: Order, path: Counts, u: int, v: int, forward: bool, heads: Counts) -> int:
    """The longest path through what moves, where the operation at `u` of the path goes behind that at `v`, or that at `v`
    before that at `u`; NONE_YET where that may close a circle.
    """
    first, last = path[u], path[v]
    if forward and s.whole[last] < s.whole[shop.job_after[first]]:
        return NONE_YET
    if not forward and s.end[first] < s.end[shop.job_before[last]]:
        return NONE_YET
    count = v - u + 1
    ends = s.end[s.before[first]]
    rests = s.whole[s.after[last]]
    longest = 0
    total = ends
    for k in range(count):
        o = path[u + (k + 1) % count] if forward else path[u + (k - 1) % count]
        total = max(total, s.end[shop.job_before[o]]) + shop.duration[o]
        heads[k] = total
    for k in range(count - 1, -1, -1):
        o = path[u + (k + 1) % count] if forward else path[u + (k - 1) % count]
        rests = max(rests, s.whole[shop.job_after[o]])
        longest = max(longest, int(heads[k] + rests))
        rests += shop.duration[o]
    return longest


@compiled
def _barred(shop: Shop, barred: Counts, path: Counts, u: int, v: int, forward: bool, step: int) -> bool:
    """Whether a pair would come back into an order that it left lately."""
    for k in range(u, v):
        if forward:
            a, b = path[k + 1], path[u]
        else:
            a, b = path[v], path[k]
        if barred[shop.pair[a] + shop.rank[b]] > step:
            return True
    return False


@compiled
def _moved(shop: Shop, s: Order, path: Counts, u: int, v: int, forward: bool, marks: Flags, kept: Counts) -> bool:
    """Do it; whether that was possible: not where a path leads around."""
    first, last = path[u], path[v]
    low, high = s.place[first], s.place[last]
    mover, other = (first, last) if forward else (last, first)
    at, end, turn = (low, high + 1, 1) if forward else (high, low - 1, -1)
    marks[mover] = 1
    while at != end:
        o = s.order[at]
        job = shop.job_before[o] if forward else shop.job_after[o]
        machine = s.before[o] if forward else s.after[o]
        near = (job >= 0 and marks[job] == 1) or (machine >= 0 and machine != mover and marks[machine] == 1)
        if o != mover:
            marks[o] = 1 if near else 0
        at += turn
    possible = bool(marks[other] == 0)
    if possible:
        size = 0
        for sort in range(3):
            wanted = sort == 1
            for at in range(low, high + 1):
                o = s.order[at]
                mine = marks[o] == (sort == (2 if forward else 0))
                if (o == mover) if wanted else (o != mover and mine):
                    kept[size] = o
                    size += 1
        for k in range(size):
            s.order[low + k] = kept[k]
            s.place[kept[k]] = low + k
        outer_before, outer_after = s.before[first], s.after[last]
        count = v - u + 1
        previous = outer_before
        for k in range(count):
            o = path[u + (k + 1) % count] if forward else path[u + (k - 1) % count]
            s.before[o] = previous
            if previous >= 0:
                s.after[previous] = o
            previous = o
        s.after[previous] = outer_after
        if outer_after >= 0:
            s.before[outer_after] = previous
    for at in range(low, high + 1):
        marks[s.order[at]] = 0
    return possible


@compiled
def _chosen(
    shop: Shop, s: Order, path: Counts, size: int, barred: Counts, step: int, lowest: int, heads: Counts, lot: Lot
) -> tuple[int, int, bool]:
    """The move of the path that promises the shortest schedule and brings no pair back too soon, unless it promises the
    shortest of all; where there is none, any by lot. (-1, -1, False) where there is none at all.
    """
    u, v, forward, rating = -1, -1, False, NONE_YET
    any_u, any_v, any_forward, met = -1, -1, False, 0
    block = 0
    for at in range(1, size + 1):
        if at < size and s.after[path[at - 1]] == path[at]:
            continue
        last = at - 1
        for k in range(4 * (last - block)):
            inner, way, outward = block + k // 4, k % 2 == 0, k % 4 < 2
            if outward:
                one, other = (inner, last) if way else (block, inner + 1)
                idle = at == size if way else block == 0
            else:
                one, other = (block, inner) if way else (inner, last)
                idle = one >= other or other - one == last - block or (block == 0 if way else at == size)
            if idle:
                continue
            mine = _rated(shop, s, path, one, other, way, heads)
            if mine == NONE_YET:
                continue
            met += 1
            if drawn(lot, met) == 0:
                any_u, any_v, any_forward = one, other, way
            if mine > rating or (mine == rating and drawn(lot, 2) == 0):
                continue
            if mine < lowest or not _barred(shop, barred, path, one, other, way, step):
                u, v, forward, rating = one, other, way, mine
        block = at
    return (u, v, forward) if u >= 0 else (any_u, any_v, any_forward)


@compiled
def _bar(shop: Shop, barred: Counts, path: Counts, u: int, v: int, forward: bool, until: Whole) -> None:
    """Pairs are not to come into this order before so many steps: what moved before all that it moved behind, or the like."""
    for k in range(u, v):
        if forward:
            a, b = path[u], path[k + 1]
        else:
            a, b = path[k], path[v]
        barred[shop.pair[a] + shop.rank[b]] = until


@compiled
def tabu(shop: Shop, s: Order, steps: int, tenure: int, enough: int, lot: Lot, best: Counts) -> int:
    """So many steps, fewer where the makespan is `enough`; the shortest makespan met. `best` is then its order."""
    n = len(s.order)
    barred = np.zeros(shop.pairs, dtype=np.int64)
    path, kept, marks = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int8)
    lowest = makespan = _measured(shop, s, 0, n - 1)
    best[:] = s.order
    for step in range(1, steps + 1):
        if lowest <= enough:
            break
        size = _path(shop, s, makespan, path, lot)
        u, v, forward = _chosen(shop, s, path, size, barred, step, lowest, kept, lot)
        if u < 0:
            break
        low, high = s.place[path[u]], s.place[path[v]]
        until = step + tenure + drawn(lot, tenure // 2 + 1)
        if not _moved(shop, s, path, u, v, forward, marks, kept):
            _bar(shop, barred, path[u : v + 1][::-1].copy(), 0, v - u, not forward, until)  # the same move once more
            continue
        _bar(shop, barred, path, u, v, forward, until)
        makespan = _measured(shop, s, low, high)
        if makespan < lowest:
            lowest = makespan
            best[:] = s.order
    return lowest
