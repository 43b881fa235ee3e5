"""Steps of a tabu search that keeps one node of every clique of a partition, as machine code: independent sets where one can be
as large as the cliques are many, as in constraint problems that became graphs (a clique a variable, a node a value).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from queuebit_classical_solver.searches.compiled.compiler import Counts, Flags, Lot, Rows, compiled, drawn, lot

TORN, CONFLICTS, STEPS, LARGEST = range(4)
"""Places of `counts`: cliques whose node has a conflict, conflicts, steps, nodes of the largest set so far."""
TENURE = 10
"""Steps for which a node that left stays out, up to so many by chance, and TENURE_SHARE for each clique that is torn."""
TENURE_SHARE = 0.6
FAR = np.int32(1 << 30)


class Choice(NamedTuple):
    """A node of each clique. Row v of the graph stands at `first[v]` to `first[v + 1]` of `near`, without nodes of its clique;
    clique c stands at `begins[c]` to `begins[c + 1]` of `members`. `clash[v]` counts the conflicts of v with the nodes of other
    cliques; `until[v]` is the step up to which v stays out. Torn cliques are listed, each with its place in the list.
    """

    first: Counts
    near: Rows
    clique: Rows
    begins: Counts
    members: Rows
    node: Rows
    clash: Rows
    until: Counts
    torn: Rows
    place: Rows
    largest: Flags
    counts: Counts
    lot: Lot


def begun(nodes: int, ends: Rows, cliques: list[list[int]], outside: list[int], seed: int) -> Choice:
    """A choice that has the nodes of a set without conflicts, and any node of each other clique."""
    clique = np.empty(nodes, dtype=np.int32)
    for number, mine in enumerate(cliques):
        clique[mine] = number
    ends = ends[clique[ends[:, 0]] != clique[ends[:, 1]]]
    both = np.concatenate([ends[:, 0], ends[:, 1]])
    order = np.argsort(both, kind="stable")
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(both, minlength=nodes), out=first[1:])
    near = np.concatenate([ends[:, 1], ends[:, 0]])[order].astype(np.int32)
    begins = np.zeros(len(cliques) + 1, dtype=np.int64)
    np.cumsum([len(mine) for mine in cliques], out=begins[1:])
    draws = np.random.default_rng(seed)
    node = np.array([mine[draws.integers(len(mine))] for mine in cliques], dtype=np.int32)
    node[clique[outside]] = outside
    clash = np.zeros(nodes, dtype=np.int32)
    for v in node:
        clash[near[first[v] : first[v + 1]]] += 1
    torn = np.flatnonzero(clash[node])
    place = np.full(len(cliques), -1, dtype=np.int32)
    place[torn] = np.arange(len(torn))
    listed = np.zeros(len(cliques), dtype=np.int32)
    listed[: len(torn)] = torn
    largest = np.zeros(nodes, dtype=np.int8)
    largest[outside] = 1
    counts = np.array([len(torn), clash[node].sum() // 2, 0, len(outside)], dtype=np.int64)
    members = np.concatenate([np.array(mine, dtype=np.int32) for mine in cliques])
    return Choice(
        first,
        near,
        clique,
        begins,
        members,
        node,
        clash,
        np.zeros(nodes, np.int64),
        listed,
        place,
        largest,
        counts,
        lot(seed),
    )


@compiled
def _keep(s: Choice) -> None:
    """Leave out the node with most conflicts until there are none; what is left is kept where it is the largest set."""
    clash, size = s.clash[s.node], len(s.node)
    left = s.counts[CONFLICTS]
    while left > 0 and size > s.counts[LARGEST]:
        worst = np.argmax(clash)
        left -= clash[worst]
        clash[worst] = -FAR
        size -= 1
        v = s.node[worst]
        for k in range(s.first[v], s.first[v + 1]):
            n = s.near[k]
            if s.node[s.clique[n]] == n:
                clash[s.clique[n]] -= 1
    if size > s.counts[LARGEST]:
        s.counts[LARGEST] = size
        s.largest[:] = 0
        for c in range(len(s.node)):
            if clash[c] >= 0:
                s.largest[s.node[c]] = 1


@compiled
def _best(s: Choice) -> int:
    """The node whose coming in costs least, of those in torn cliques that may; any of equals. -1 where none may."""
    best, found, equals = FAR, -1, 0
    for k in range(s.counts[TORN]):
        c = s.torn[k]
        now, clash = s.node[c], s.clash[s.node[c]]
        for j in range(s.begins[c], s.begins[c + 1]):
            v = s.members[j]
            cost = s.clash[v] - clash
            if cost > best or v == now or (s.until[v] > s.counts[STEPS] and s.clash[v] > 0):
                continue
            if cost < best:
                best, found, equals = cost, v, 1
            else:
                equals += 1
                if drawn(s.lot, equals) == 0:
                    found = v
    return found


@compiled
def _mend(s: Choice, c: int) -> None:
    """Take a clique off the list of the torn."""
    s.counts[TORN] -= 1
    last, place = s.torn[s.counts[TORN]], s.place[c]
    s.torn[place], s.place[last] = last, place
    s.place[c] = -1


@compiled
def _tear(s: Choice, c: int) -> None:
    """List a clique as torn."""
    s.torn[s.counts[TORN]], s.place[c] = c, s.counts[TORN]
    s.counts[TORN] += 1


@compiled
def advance(s: Choice, steps: int) -> int:
    """So many steps, fewer where nothing is torn; the nodes of the largest set so far, which is in `largest`."""
    counts = s.counts
    for _ in range(steps):
        if counts[CONFLICTS] < 2 * (len(s.node) - counts[LARGEST]):
            _keep(s)
        if counts[TORN] == 0:
            break
        counts[STEPS] += 1
        new = _best(s)
        if new < 0:
            continue
        c = s.clique[new]
        old = s.node[c]
        s.until[old] = counts[STEPS] + drawn(s.lot, TENURE) + np.int64(TENURE_SHARE * counts[TORN])
        s.node[c] = new
        counts[CONFLICTS] += s.clash[new] - s.clash[old]
        for k in range(s.first[old], s.first[old + 1]):
            n = s.near[k]
            s.clash[n] -= 1
            if s.clash[n] == 0 and s.node[s.clique[n]] == n:
                _mend(s, s.clique[n])
        for k in range(s.first[new], s.first[new + 1]):
            n = s.near[k]
            s.clash[n] += 1
            if s.clash[n] == 1 and s.node[s.clique[n]] == n:
                _tear(s, s.clique[n])
        if s.clash[new] == 0 and s.place[c] >= 0:
            _mend(s, c)
        elif s.clash[new] > 0 and s.place[c] < 0:
            _tear(s, c)
    return int(counts[LARGEST])
