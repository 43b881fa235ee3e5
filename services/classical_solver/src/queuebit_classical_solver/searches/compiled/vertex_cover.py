"""Steps of NuMVC (Cai, Su, Luo, Sattar) as machine code: a cover of the conflicts of a graph, one node fewer at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from queuebit_classical_solver.searches.compiled.compiler import Counts, Flags, Lot, Rows, compiled, drawn, lot

COVER, OPEN, STEPS, WEIGHT, LEAST, LAST = range(6)
"""Places of `counts`: nodes of the cover, conflicts that it leaves open, steps, weight of all conflicts, nodes of the least
cover so far, the node that came in last."""
KEPT = 0.3
SCORE = 1 << 36
"""Of a rank: how much a score of 1 counts, which is more than all steps."""
NO_RANK = -(1 << 62)
WEIGHT_MEAN_MAX = 0.5
"""For each node: above, all weights are forgotten in part."""


class State(NamedTuple):
    """A cover and what is known around it. Row v of the graph stands at `first[v]` to `first[v + 1]`: the nodes in `near`, the
    conflicts with them in `edge`, their weights in `weight`; `sides` says where a conflict stands in both rows. `score[v]`: of
    a node outside, the weight of its open conflicts. `rank[v]`: of a member of the cover, the weight that only it covers,
    below zero, and then its age, as one number; the highest is the next to leave. Open conflicts are listed, each with its
    place in the list.
    """

    first: Counts
    near: Rows
    edge: Rows
    weight: Rows
    ends: Rows
    sides: Rows
    inside: Flags
    changed: Flags
    score: Counts
    since: Counts
    rank: Counts
    open: Rows
    open_place: Rows
    least: Flags
    counts: Counts
    lot: Lot


def begun(nodes: int, ends: Rows, outside: list[int], seed: int) -> State:
    """The state whose cover is all nodes but those outside, which must have no conflicts with each other."""
    edges = len(ends)
    both = np.concatenate([ends[:, 0], ends[:, 1]])
    order = np.argsort(both, kind="stable")
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(both, minlength=nodes), out=first[1:])
    inside = np.ones(nodes, dtype=np.int8)
    inside[outside] = 0
    sides = np.empty((edges, 2), dtype=np.int32)
    sides[order % edges, order // edges] = np.arange(2 * edges)
    once = inside[ends[:, 0]] != inside[ends[:, 1]]
    score = np.zeros(nodes, dtype=np.int64)
    for side in (0, 1):
        mine = ends[once & (inside[ends[:, side]] == 1), side]
        score -= np.bincount(mine, minlength=nodes)
    counts = np.array([inside.sum(), 0, 0, edges, inside.sum(), -1], dtype=np.int64)
    return State(
        first=first,
        near=np.concatenate([ends[:, 1], ends[:, 0]])[order],
        edge=(order % edges).astype(np.int32),
        weight=np.ones(2 * edges, dtype=np.int32),
        ends=ends,
        sides=sides,
        inside=inside,
        changed=np.ones(nodes, dtype=np.int8),
        score=score,
        since=np.zeros(nodes, dtype=np.int64),
        rank=np.where(inside == 1, score * SCORE, NO_RANK),
        open=np.zeros(edges, dtype=np.int32),
        open_place=np.full(edges, -1, dtype=np.int32),
        least=inside.copy(),
        counts=counts,
        lot=lot(seed),
    )


@compiled
def _drop(s: State, v: int) -> None:
    """Take v out of the cover: conflicts that nothing else covers are open."""
    counts = s.counts
    counts[COVER] -= 1
    s.inside[v] = 0
    s.changed[v] = 0
    s.score[v] = -((s.rank[v] + s.since[v]) // SCORE)
    s.rank[v] = NO_RANK
    s.since[v] = counts[STEPS]
    for k in range(s.first[v], s.first[v + 1]):
        n = s.near[k]
        if s.inside[n]:
            s.rank[n] -= s.weight[k] * SCORE
        else:
            s.score[n] += s.weight[k]
            s.changed[n] = 1
            e = s.edge[k]
            s.open[counts[OPEN]], s.open_place[e] = e, counts[OPEN]
            counts[OPEN] += 1


@compiled
def _take(s: State, v: int) -> None:
    """Take v into the cover."""
    counts = s.counts
    counts[COVER] += 1
    s.inside[v] = 1
    s.since[v] = counts[STEPS]
    s.rank[v] = -s.score[v] * SCORE - counts[STEPS]
    for k in range(s.first[v], s.first[v + 1]):
        n = s.near[k]
        if s.inside[n]:
            s.rank[n] += s.weight[k] * SCORE
        else:
            s.score[n] -= s.weight[k]
            s.changed[n] = 1
            e = s.edge[k]
            place, last = s.open_place[e], s.open[counts[OPEN] - 1]
            s.open[place], s.open_place[last] = last, place
            counts[OPEN] -= 1


@compiled
def _loosest(s: State, barred: int) -> int:
    """The node of the cover whose leaving costs least, the oldest of equals."""
    rank = s.rank
    kept = np.int64(NO_RANK)
    if barred >= 0:
        kept, rank[barred] = rank[barred], kept
    best, found = np.int64(NO_RANK), 0
    for k in range(len(rank)):
        if rank[k] > best:
            best, found = rank[k], k
    if barred >= 0:
        rank[barred] = kept
    return found


@compiled
def _forget(s: State) -> None:
    """All weights in part, so that what was hard long ago counts less."""
    s.counts[WEIGHT] = 0
    for v in range(len(s.inside)):
        alone = np.int64(0)
        for k in range(s.first[v], s.first[v + 1]):
            s.weight[k] = np.int32(KEPT * s.weight[k])
            s.counts[WEIGHT] += s.weight[k]
            if not s.inside[s.near[k]]:
                alone += s.weight[k]
        if s.inside[v]:
            s.rank[v] = -alone * SCORE - s.since[v]
        else:
            s.score[v] = alone
    s.counts[WEIGHT] //= 2


@compiled
def advance(s: State, steps: int) -> int:
    """So many steps, fewer where the cover is empty; the nodes of the least cover so far, which is in `least`."""
    counts = s.counts
    for _ in range(steps):
        covers = counts[OPEN] == 0
        if covers and counts[COVER] < counts[LEAST]:
            counts[LEAST] = counts[COVER]
            s.least[:] = s.inside
        if counts[COVER] == 0:
            break
        counts[STEPS] += 1
        _drop(s, _loosest(s, counts[LAST] if counts[COVER] > 1 and not covers else -1))
        if covers:
            continue
        e = s.open[drawn(s.lot, counts[OPEN])]
        u, v = s.ends[e, 0], s.ends[e, 1]
        if not s.changed[u]:
            new = v
        elif not s.changed[v]:
            new = u
        elif s.score[u] != s.score[v]:
            new = u if s.score[u] > s.score[v] else v
        else:
            new = u if s.since[u] < s.since[v] else v
        _take(s, new)
        counts[LAST] = new
        for k in range(counts[OPEN]):
            e = s.open[k]
            s.weight[s.sides[e, 0]] += 1
            s.weight[s.sides[e, 1]] += 1
            s.score[s.ends[e, 0]] += 1
            s.score[s.ends[e, 1]] += 1
        counts[WEIGHT] += counts[OPEN]
        if counts[WEIGHT] > WEIGHT_MEAN_MAX * len(s.inside) * len(s.ends):
            _forget(s)
    return int(counts[LEAST])
