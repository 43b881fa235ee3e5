"""Choosing exactly so many assets: a quadratic form over bits with integers, exchanges, a bound, and exact search."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

RESTARTS_MAX = 20
WORK_MAX = 600_000


@dataclass(frozen=True)
class Choice:
    """Minimise sum own[i] over the chosen and sum pair[i][j] over the chosen pairs; exactly `budget` are chosen."""

    own: list[int]
    pair: list[list[int]]
    budget: int

    def value(self, chosen: Sequence[int]) -> int:
        """The objective of a choice, feasible or not."""
        return sum(self.own[i] for i in chosen) + sum(self.pair[i][j] for i, j in combinations(chosen, 2))

    def bound(self) -> int:
        """Doubled: each asset with the least it can have of its pairs, half of each pair; then the least of those."""
        rest = self.budget - 1
        least = [
            2 * own + sum(sorted(row[:i] + row[i + 1 :])[:rest])
            for i, (own, row) in enumerate(zip(self.own, self.pair, strict=True))
        ]
        return sum(sorted(least)[: self.budget])


def repaired(choice: Choice, chosen: Sequence[int]) -> list[int]:
    """Drop or add what costs least until exactly the budget is chosen."""
    found = list(chosen)
    while len(found) > choice.budget:
        found.remove(max(found, key=lambda i: (choice.own[i] + sum(choice.pair[i][j] for j in found if j != i), i)))
    while len(found) < choice.budget:
        left = (i for i in range(len(choice.own)) if i not in found)
        found.append(min(left, key=lambda i: (choice.own[i] + sum(choice.pair[i][j] for j in found), i)))
    return sorted(found)


def exchanged(choice: Choice, chosen: Sequence[int]) -> list[int]:
    """Exchange one chosen for one left out while that lowers the objective."""
    inside = set(chosen)
    n = len(choice.own)
    slope = [
        own + sum(row[j] for j in inside if j != i)
        for i, (own, row) in enumerate(zip(choice.own, choice.pair, strict=True))
    ]
    for _ in range(50 * n):
        outside = [i for i in range(n) if i not in inside]
        moves = ((slope[new] - slope[old] - choice.pair[new][old], old, new) for old in inside for new in outside)
        gain, old, new = min(moves, default=(0, 0, 0))
        if gain >= 0:
            break
        inside.remove(old)
        inside.add(new)
        for i, row in enumerate(choice.pair):
            slope[i] += (row[new] if i != new else 0) - (row[old] if i != old else 0)
    return sorted(inside)


def searched(choice: Choice, rng: random.Random) -> list[int]:
    """The best of greedy and of random choices, each improved by exchanges."""
    n, best = len(choice.own), exchanged(choice, repaired(choice, []))
    work = max(1, choice.budget * (n - choice.budget)) * max(1, min(choice.budget, n - choice.budget))
    for _ in range(min(RESTARTS_MAX, WORK_MAX // work)):
        best = min(best, exchanged(choice, rng.sample(range(n), choice.budget)), key=choice.value)
    return best


def least(choice: Choice) -> tuple[int, list[int], int]:
    """(objective, choice, how many choices have it) over all choices of the budget."""
    best: tuple[int, list[int]] | None = None
    count = 0
    open_: list[tuple[list[int], int, list[int]]] = [([], 0, list(choice.own))]
    n = len(choice.own)
    while open_:
        chosen, value, slope = open_.pop()
        if len(chosen) == choice.budget:
            if best is None or value < best[0]:
                best, count = (value, chosen), 0
            count += value == best[0]
            continue
        first = chosen[-1] + 1 if chosen else 0
        for i in range(first, n - (choice.budget - len(chosen)) + 1):
            if len(chosen) + 1 == choice.budget:
                open_.append(([*chosen, i], value + slope[i], slope))
            else:
                open_.append(([*chosen, i], value + slope[i], list(map(int.__add__, slope, choice.pair[i]))))
    assert best is not None
    return best[0], best[1], count
