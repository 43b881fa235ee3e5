"""Packing items that are worth more in pairs, in plain Python: greedy filling, exchanges, disturbed restarts."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queuebit_problems.kinds.packing.quadratic_knapsack_statement import QuadraticKnapsackStatement

ROUNDS_MAX = 150
WORK_MAX = 4_000_000
"""Roughly how many pairs one search may look at."""


def profit_of(statement: QuadraticKnapsackStatement, take: Sequence[int]) -> int:
    """What the taken items are worth, pairs included, in integers."""
    profits, together, _ = statement.worth
    chosen = [i for i, bit in enumerate(take) if bit]
    inside = set(chosen)
    pairs = sum(value for i in chosen for j, value in together[i].items() if j > i and j in inside)
    return sum(profits[i] for i in chosen) + pairs


def gains_of(statement: QuadraticKnapsackStatement, take: Sequence[int]) -> list[int]:
    """What each item is worth together with those taken."""
    profits, together, _ = statement.worth
    gains = list(profits)
    for i, bit in enumerate(take):
        if bit:
            for j, value in together[i].items():
                gains[j] += value
    return gains


def greedy(statement: QuadraticKnapsackStatement, start: Sequence[int], barred: set[int] | None = None) -> list[int]:
    """Add what gains most per weight, as long as anything fits."""
    packing, together = statement.packing, statement.worth[1]
    take, gains = list(start), gains_of(statement, start)
    room = packing.capacity - packing.weight(take)
    open_ = [i for i, bit in enumerate(take) if not bit and not (barred and i in barred)]
    while True:
        open_ = [i for i in open_ if packing.weights[i] <= room]
        if not open_:
            return take
        best = max(
            open_, key=lambda i: ((gains[i] << 40) // packing.weights[i] if packing.weights[i] else math.inf, -i)
        )
        take[best] = 1
        room -= packing.weights[best]
        open_.remove(best)
        for j, value in together[best].items():
            gains[j] += value


def exchanged(statement: QuadraticKnapsackStatement, start: Sequence[int]) -> list[int]:
    """Exchange one taken item for one left out, or add one, while that gains; the start must fit."""
    packing, together = statement.packing, statement.worth[1]
    take, gains = list(start), gains_of(statement, start)
    room = packing.capacity - packing.weight(take)
    for _ in range(packing.items):
        inside = [-1, *(i for i, bit in enumerate(take) if bit)]
        outside = [i for i, bit in enumerate(take) if not bit]
        best, gain_most = None, 0
        for new in outside:
            row, weight, gain = together[new], packing.weights[new] - room, gains[new]
            for old in inside:
                if old < 0:
                    change, fits = gain, weight <= 0
                else:
                    change, fits = gain - row.get(old, 0) - gains[old], weight <= packing.weights[old]
                if change > gain_most and fits:
                    best, gain_most = (old, new), change
        if best is None:
            break
        for item, sign in ((best[0], -1), (best[1], 1)):
            if item >= 0:
                take[item] = int(sign > 0)
                room -= sign * packing.weights[item]
                for j, value in together[item].items():
                    gains[j] += sign * value
    return take


def searched(statement: QuadraticKnapsackStatement, rng: random.Random) -> list[int]:
    """Fill and exchange; then drop some items and bar others for a while, and keep what is not worse."""
    best = now = exchanged(statement, greedy(statement, [0] * len(statement.profits)))
    taken_max = max(1, sum(now))
    for _ in range(min(ROUNDS_MAX, WORK_MAX // (len(now) * taken_max))):
        take = list(now)
        chosen = [i for i, bit in enumerate(take) if bit]
        for i in rng.sample(chosen, min(len(chosen), rng.randint(1, 2 + len(chosen) // 5))):
            take[i] = 0
        free = [i for i, bit in enumerate(now) if not bit]
        barred = set(rng.sample(free, len(free) // 4))
        found = exchanged(statement, greedy(statement, greedy(statement, take, barred)))
        if profit_of(statement, found) >= profit_of(statement, now):
            now = found
        best = max(best, now, key=lambda side: profit_of(statement, side))
    return best
