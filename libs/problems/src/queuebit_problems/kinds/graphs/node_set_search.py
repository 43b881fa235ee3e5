"""Sets of nodes without a conflict, as bits of whole numbers, in plain Python: tabu search by exchanges, and all sets."""

from __future__ import annotations

import random
from collections.abc import Iterable

from queuebit_problems.kinds.graphs.graph_statement import (
    bits_of,
    greedy_clique,
)

WORK_MAX = 3_000_000
WORK_EACH_MAX = 5_000
"""Roughly how many neighbours one search may look at, in all and for each node."""
CONFLICTS_LISTED_MAX = 2_000_000
"""Above, sets are only extended from a few first nodes: the neighbours are too many to be listed."""
STARTS_MAX = 200
TENURE = 7


def mask_of(nodes: Iterable[int]) -> int:
    mask = 0
    for node in nodes:
        mask |= 1 << node
    return mask


def extended(masks: list[int], chosen: int) -> int:
    """Add nodes, fewest conflicts first, while any is free."""
    free = (1 << len(masks)) - 1 & ~chosen
    for node in bits_of(chosen):
        free &= ~masks[node]
    if not free:
        return chosen
    for node in sorted(bits_of(free), key=lambda node: masks[node].bit_count()):
        if free >> node & 1:
            chosen |= 1 << node
            free &= ~masks[node] & ~(1 << node)
    return chosen


def repaired(masks: list[int], chosen: int) -> int:
    while True:
        worst = max(bits_of(chosen), key=lambda node: (masks[node] & chosen).bit_count(), default=None)
        if worst is None or not masks[worst] & chosen:
            return chosen
        chosen ^= 1 << worst


def searched(masks: list[int], start: int, rng: random.Random, *, share: int = 1) -> int:
    """Add what is free, else exchange one for one, else force a node in; what left lately stays out. The best set seen."""
    conflicts = sum(mask.bit_count() for mask in masks)
    if not conflicts:
        return start
    if conflicts > CONFLICTS_LISTED_MAX:
        starts = rng.sample(range(len(masks)), min(len(masks), STARTS_MAX // share))
        return max([start, *(extended(masks, 1 << node) for node in starts)], key=int.bit_count)
    neighbours = [list(bits_of(mask)) for mask in masks]
    state = _State(neighbours)
    for node in bits_of(start):
        state.add(node)
    best, best_size, work, step = start, start.bit_count(), 0, 0
    stays_out = [0] * len(masks)
    work_max = min(WORK_MAX, WORK_EACH_MAX * len(masks)) // share
    while work < work_max:
        step += 1
        new = _next(state, stays_out, step, rng)
        for old in [old for old in neighbours[new] if old in state.chosen]:
            state.drop(old)
            stays_out[old] = step + TENURE + rng.randrange(TENURE)
            work += len(neighbours[old])
        state.add(new)
        work += len(neighbours[new]) + 20
        if len(state.chosen) > best_size:
            best, best_size = mask_of(state.chosen), len(state.chosen)
    return best


def _next(state: _State, stays_out: list[int], step: int, rng: random.Random) -> int:
    """The node to take in next."""
    for among in (state.free, state.single):
        allowed = [node for node in among if stays_out[node] <= step]
        if allowed:
            return allowed[rng.randrange(len(allowed))]
    outside = [node for node in range(len(stays_out)) if node not in state.chosen]
    return outside[rng.randrange(len(outside))]


class _State:
    """A set without conflicts, and which nodes outside conflict with none or with one inside, in a repeatable order."""

    def __init__(self, neighbours: list[list[int]]) -> None:
        self.neighbours = neighbours
        self.chosen: dict[int, None] = {}
        self.free: dict[int, None] = dict.fromkeys(range(len(neighbours)))
        self.single: dict[int, None] = {}
        self.count = [0] * len(neighbours)

    def add(self, node: int) -> None:
        self.free.pop(node, None)
        self.single.pop(node, None)
        self.chosen[node] = None
        for other in self.neighbours[node]:
            self.count[other] += 1
            if self.count[other] == 1:
                self.free.pop(other, None)
                self.single[other] = None
            elif self.count[other] == 2:
                self.single.pop(other, None)

    def drop(self, node: int) -> None:
        del self.chosen[node]
        for other in self.neighbours[node]:
            self.count[other] -= 1
            if self.count[other] == 0:
                self.single.pop(other, None)
                self.free[other] = None
            elif self.count[other] == 1 and other not in self.chosen:
                self.single[other] = None
        place = self.free if not self.count[node] else self.single if self.count[node] == 1 else None
        if place is not None:
            place[node] = None


def largest(masks: list[int]) -> tuple[int, int, int]:
    """(size, a set of that size, how many sets have it), by trying every node in and out."""
    best = [len(greedy_clique([~mask & ((1 << len(masks)) - 1) for mask in masks], range(len(masks)))), 0, 0]

    def visit(left: int, chosen: int, size: int) -> None:
        if size + left.bit_count() < best[0]:
            return
        if not left:
            if size > best[0] or not best[2]:
                best[:] = [size, chosen, 0]
            best[2] += 1
            return
        node = max(bits_of(left), key=lambda node: (masks[node] & left).bit_count())
        rest = left & ~(1 << node)
        visit(rest & ~masks[node], chosen | 1 << node, size + 1)
        if masks[node] & left:
            visit(rest, chosen, size)

    visit((1 << len(masks)) - 1, 0, 0)
    return best[0], best[1], best[2]
