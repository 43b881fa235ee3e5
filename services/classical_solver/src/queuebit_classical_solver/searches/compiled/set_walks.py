"""Steps of phased local search over independent sets (Pullan) as machine code: a walk that pushes any node in where it is
stuck, and one that starts again and shuns for a while what it stood at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from queuebit_classical_solver.searches.compiled.compiler import Counts, Lot, Rows, Whole, compiled, drawn, lot

NOWHERE, MEMBERS, FREE, SINGLE = range(4)
"""Lists: the nodes of the set, those that conflict with none of them, those that conflict with one."""
STEPS, ROUND, EXCHANGES, LAST, LARGEST, DELAY, WAITED, PENALISED, SHUNS, ROUNDS_LEFT = range(10)
"""Places of `counts`. A round ends where the walk is stuck; penalties are eased every DELAY rounds, and WAITED have passed."""
SHUNNING = 1
"""The way that starts again; the other is 0."""
ROUNDS = 50
"""Of each way, before the other has its turn."""
PENALISED_SHARE = 0.75
"""So many nodes are shunned at a time."""


class Walk(NamedTuple):
    """A set without conflicts, for each way of going on. `where[way, v]` is the list of a node, `place[way, v]` its place in
    it, `lists[way]` holds the lists and `sizes[way]` their lengths; `clash[way, v]` counts the conflicts of v with the set.
    `round[v]`: the last round in which v came in; in the same it comes in no more.
    """

    first: Counts
    near: Rows
    where: Rows
    place: Rows
    lists: Rows
    sizes: Rows
    clash: Rows
    penalty: Rows
    round: Counts
    largest: Rows
    counts: Counts
    lot: Lot


def begun(nodes: int, ends: Rows, members: list[int], seed: int) -> Walk:
    """Walks of both ways from a set that has no conflicts."""
    both = np.concatenate([ends[:, 0], ends[:, 1]])
    order = np.argsort(both, kind="stable")
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(both, minlength=nodes), out=first[1:])
    near = np.concatenate([ends[:, 1], ends[:, 0]])[order]
    clash = np.zeros(nodes, dtype=np.int32)
    for v in members:
        clash[near[first[v] : first[v + 1]]] += 1
    where = np.where(clash == 0, FREE, np.where(clash == 1, SINGLE, NOWHERE)).astype(np.int32)
    where[members] = MEMBERS
    place, lists, sizes = np.zeros(nodes, np.int32), np.zeros((4, nodes), np.int32), np.zeros(4, np.int32)
    for each in range(4):
        mine = np.flatnonzero(where == each)
        lists[each, : len(mine)], place[mine], sizes[each] = mine, np.arange(len(mine)), len(mine)
    counts = np.zeros(10, dtype=np.int64)
    counts[[ROUND, LARGEST, DELAY, ROUNDS_LEFT]] = 1, len(members), 2, ROUNDS
    return Walk(
        first=first,
        near=near,
        where=np.stack([where, where]),
        place=np.stack([place, place]),
        lists=np.stack([lists, lists]),
        sizes=np.stack([sizes, sizes]),
        clash=np.stack([clash, clash]),
        penalty=np.zeros(nodes, np.int32),
        round=np.zeros(nodes, np.int64),
        largest=np.array(sorted(members) + [0] * (nodes - len(members)), dtype=np.int32),
        counts=counts,
        lot=lot(seed),
    )


@compiled
def _moved(w: Walk, way: int, v: Whole, to: int) -> None:
    """Put a node into another list."""
    old, at = w.where[way, v], w.place[way, v]
    w.sizes[way, old] -= 1
    last = w.lists[way, old, w.sizes[way, old]]
    w.lists[way, old, at] = last
    w.place[way, last] = at
    w.where[way, v] = to
    w.place[way, v] = w.sizes[way, to]
    w.lists[way, to, w.sizes[way, to]] = v
    w.sizes[way, to] += 1


@compiled
def _drop(w: Walk, way: int, v: Whole) -> None:
    clash, where = w.clash[way], w.where[way]
    _moved(w, way, v, FREE if clash[v] == 0 else SINGLE if clash[v] == 1 else NOWHERE)
    for k in range(w.first[v], w.first[v + 1]):
        n = np.int64(w.near[k])
        clash[n] -= 1
        if clash[n] <= 1 and where[n] != MEMBERS:
            _moved(w, way, n, FREE if clash[n] == 0 else SINGLE)


@compiled
def _take(w: Walk, way: int, v: Whole) -> None:
    """Put a node in; all members that conflict with it go out."""
    clash, where = w.clash[way], w.where[way]
    k = w.first[v]
    while clash[v] > 0:
        n = np.int64(w.near[k])
        if where[n] == MEMBERS:
            _drop(w, way, n)
        k += 1
    _moved(w, way, v, MEMBERS)
    w.round[v] = w.counts[ROUND]
    w.counts[LAST] = v
    for k in range(w.first[v], w.first[v + 1]):
        n = np.int64(w.near[k])
        clash[n] += 1
        if clash[n] <= 2:
            _moved(w, way, n, SINGLE if clash[n] == 1 else NOWHERE)


@compiled
def _lightest(w: Walk, way: int, among: int) -> Whole:
    """A node of the list that was not in the set in this round, of least penalty where the walk shuns, or -1."""
    size, found = np.int64(w.sizes[way, among]), np.int64(-1)
    if size == 0:
        return found
    at = drawn(w.lot, size)
    for _ in range(size):
        v = np.int64(w.lists[way, among, at])
        at = at + 1 if at + 1 < size else 0
        if w.round[v] == w.counts[ROUND]:
            continue
        if way != SHUNNING or w.penalty[v] == 0:
            return v
        if found < 0 or w.penalty[v] < w.penalty[found]:
            found = v
    return found


@compiled
def _penalise(w: Walk) -> None:
    """The nodes of the set are shunned more; every so often all are shunned less, so seldom that many are at a time."""
    counts = w.counts
    for k in range(w.sizes[SHUNNING, MEMBERS]):
        v = w.lists[SHUNNING, MEMBERS, k]
        counts[PENALISED] += w.penalty[v] == 0
        w.penalty[v] += 1
    counts[WAITED] += 1
    if counts[WAITED] < counts[DELAY]:
        return
    counts[WAITED] = 0
    for v in range(len(w.penalty)):
        if w.penalty[v] > 0:
            w.penalty[v] -= 1
            counts[PENALISED] -= w.penalty[v] == 0
    counts[DELAY] = max(1, counts[DELAY] + (1 if counts[PENALISED] < PENALISED_SHARE * len(w.penalty) else -1))


@compiled
def _started_again(w: Walk) -> None:
    """The walk that shuns, with nothing but the node that came in last."""
    counts = w.counts
    last = counts[LAST]
    if w.where[SHUNNING, last] != MEMBERS:
        last = np.int64(w.lists[SHUNNING, MEMBERS, 0])
    while w.sizes[SHUNNING, MEMBERS] > 1:
        v = np.int64(w.lists[SHUNNING, MEMBERS, w.sizes[SHUNNING, MEMBERS] - 1])
        _drop(w, SHUNNING, v if v != last else np.int64(w.lists[SHUNNING, MEMBERS, 0]))


@compiled
def advance(w: Walk, steps: int) -> int:
    """So many steps; the size of the largest set so far, whose nodes `largest` begins with."""
    counts = w.counts
    for _ in range(steps):
        counts[STEPS] += 1
        way = counts[SHUNS]
        v = _lightest(w, way, FREE)
        grows = v >= 0
        if v < 0 and counts[EXCHANGES] < w.sizes[way, MEMBERS]:
            v = _lightest(w, way, SINGLE)
        counts[EXCHANGES] = 0 if grows else counts[EXCHANGES] + 1
        if v < 0:
            counts[ROUND] += 1
            counts[EXCHANGES] = 0
            if way == SHUNNING:
                _penalise(w)
                _started_again(w)
            else:
                v = drawn(w.lot, len(w.penalty))
            counts[ROUNDS_LEFT] -= 1
            if counts[ROUNDS_LEFT] == 0:
                counts[ROUNDS_LEFT], counts[SHUNS] = ROUNDS, 1 - way
        if v >= 0 and w.where[way, v] != MEMBERS:
            _take(w, way, v)
        size = w.sizes[way, MEMBERS]
        if size > counts[LARGEST]:
            counts[LARGEST] = size
            w.largest[:size] = w.lists[way, MEMBERS, :size]
    return int(counts[LARGEST])
