"""Packing items into one capacity, in integers: filling, repair and exchanges, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice

from queuebit_problems.encoding.qubo import Exact, simplest
from queuebit_problems.shares import Room, Shares, one_part

WINDOW = 60
"""How many items on either side of the break in density order take part in exchanges."""
ROUNDS_MAX = 50
WORK_MAX = 500_000
"""Roughly how many items all rounds of exchanges together may look at."""


@dataclass(frozen=True)
class Packing:
    """Profits in units of 1 / profit_unit; weights and capacity in units of 1 / weight_unit. None is negative."""

    profits: list[int]
    weights: list[int]
    capacity: int
    profit_unit: int = 1
    weight_unit: int = 1

    @cached_property
    def constrained(self) -> bool:
        """Whether the items do not all fit."""
        return sum(self.weights) > self.capacity

    @cached_property
    def common_weight(self) -> int:
        """The greatest common divisor of the weights, at least 1."""
        return math.gcd(*self.weights) or 1

    @property
    def slack_bits(self) -> int:
        """How many bits count what the capacity leaves in common weights; none where everything fits."""
        return slack_count(self.capacity // self.common_weight) if self.constrained else 0

    @cached_property
    def by_density(self) -> list[int]:
        """The items by profit per weight, best first; those without weight before all.

        Two densities differ by at least one over the product of their weights, so that many bits order them exactly.
        """
        shift = 2 * max(self.weights).bit_length() + 1
        keys = [
            (0, (profit << shift) // weight) if weight else (1, profit)
            for profit, weight in zip(self.profits, self.weights, strict=True)
        ]
        return sorted(range(self.items), key=keys.__getitem__, reverse=True)

    def worth(self, profit: int) -> Exact:
        """A profit in units as the number that it stands for."""
        return profit if self.profit_unit == 1 else simplest(Fraction(profit, self.profit_unit))

    @property
    def items(self) -> int:
        return len(self.profits)

    def profit(self, take: Sequence[int]) -> int:
        """What the taken items are worth together."""
        return sum(profit for profit, bit in zip(self.profits, take, strict=True) if bit)

    def weight(self, take: Sequence[int]) -> int:
        """What the taken items weigh together."""
        return sum(weight for weight, bit in zip(self.weights, take, strict=True) if bit)

    def shares(self, take: Sequence[int], capacity: str = "capacity") -> Shares:
        """What each taken item is worth, and what is left of the capacity, by this name."""
        taken = [i for i, bit in enumerate(take) if bit]
        room = Room(capacity, self.weight(take), self.capacity, self.weight_unit)
        worth = [self.profits[i] for i in taken]
        return one_part("items", worth, self.profit_unit, lambda k: f"item {taken[k]}", (room,))


def fill(packing: Packing, start: Sequence[int], order: Iterable[int]) -> list[int]:
    """Add each item, in the given order, that still fits."""
    take = list(start)
    room = packing.capacity - packing.weight(take)
    for item in order:
        if not take[item] and packing.weights[item] <= room:
            take[item] = 1
            room -= packing.weights[item]
    return take


def repair(packing: Packing, start: Sequence[int]) -> list[int]:
    """Drop taken items, least profit per weight first, until the rest fits."""
    take = list(start)
    excess = packing.weight(take) - packing.capacity
    for item in reversed(packing.by_density):
        if excess <= 0:
            break
        if take[item] and packing.weights[item]:
            take[item] = 0
            excess -= packing.weights[item]
    return take


def improve_packing(packing: Packing, start: Sequence[int]) -> list[int]:
    """Exchange one taken item for one left out while that gains, near the break in density order; the start must fit."""
    take = list(start)
    room = packing.capacity - packing.weight(take)
    for _ in range(max(1, min(ROUNDS_MAX, WORK_MAX // packing.items))):
        inside = list(islice((item for item in reversed(packing.by_density) if take[item]), WINDOW))
        outside = list(islice((item for item in packing.by_density if not take[item]), WINDOW))
        best = _best_exchange(packing, inside, outside, room)
        if best is None:
            break
        old, new = best
        take[old], take[new] = 0, 1
        room += packing.weights[old] - packing.weights[new]
        for item in outside:
            if not take[item] and packing.weights[item] <= room:
                take[item] = 1
                room -= packing.weights[item]
    return take


def _best_exchange(packing: Packing, inside: list[int], outside: list[int], room: int) -> tuple[int, int] | None:
    """The (taken, left out) pair whose exchange fits and gains most, or None where none gains."""
    best, gain_most = None, 0
    for new in outside:
        profit, weight = packing.profits[new], packing.weights[new] - room
        for old in inside:
            gain = profit - packing.profits[old]
            if gain > gain_most and weight <= packing.weights[old]:
                best, gain_most = (old, new), gain
    return best


def fractional_bound(packing: Packing) -> Exact:
    """Dantzig's bound: fill by profit per weight, the last item in part; whole profit units only."""
    room, total = packing.capacity, Fraction(0)
    for item in packing.by_density:
        weight = packing.weights[item]
        if weight > packing.capacity:
            continue
        if weight > room:
            total += Fraction(packing.profits[item] * room, weight)
            break
        room -= weight
        total += packing.profits[item]
    return packing.worth(math.floor(total))


def slack_values(room: int) -> list[int]:
    """The values of slack bits whose sums are all of 0..room."""
    values = [1 << place for place in range(slack_count(room))]
    if values:
        values[-1] = room - (values[-1] - 1)
    return values


def slack_count(room: int) -> int:
    """How many slack bits state all of 0..room."""
    return room.bit_length()


def slack_bits(values: Sequence[int], room: int) -> list[int]:
    """Bits of the slack values that add up to room: the last value, which is not a power of two, goes first if it must."""
    bits = [0] * len(values)
    for place in reversed(range(len(values))):
        if values[place] <= room:
            bits[place] = 1
            room -= values[place]
    return bits
