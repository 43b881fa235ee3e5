"""How far apart two samples of outcomes are, with an interval that holds whatever the distributions are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_LOG = math.log(2 / 0.05)


@dataclass(frozen=True, slots=True)
class Distance:
    """The total variation distance: the largest difference that any event has in the two.

    `value` is that of the samples. `low` and `high` hold the true one with at least 95 % (bounded differences; below, how much
    sampling alone adds is taken off). `noise`: what equal distributions would show from so few shots.
    """

    value: float
    low: float
    high: float
    noise: float

    @property
    def differ(self) -> bool:
        """Whether the distributions differ, beyond what shots account for."""
        return self.low > 0


def distance(one: Mapping[str, int], other: Mapping[str, int]) -> Distance:
    """Of two samples, each with at least one outcome.

    What sampling adds is taken from the larger of two estimates: from each sample by itself, and as if the two were one. The
    first alone says nothing of outcomes that a small sample has not seen, and would tell equal distributions apart.
    """
    n, m = sum(one.values()), sum(other.values())
    if not n or not m:
        raise ValueError("A sample without outcomes has no distance.")
    per = 1 / n + 1 / m
    value = bias = noise = 0.0
    for bits in one.keys() | other.keys():
        p, q = one.get(bits, 0) / n, other.get(bits, 0) / m
        both = (one.get(bits, 0) + other.get(bits, 0)) / (n + m)
        value += abs(p - q) / 2
        bias += math.sqrt(max(p * (1 - p) / n + q * (1 - q) / m, both * per)) / 2
        noise += math.sqrt(both * (1 - both) * per * 2 / math.pi) / 2
    reach = math.sqrt(_LOG / 2 * per)
    return Distance(value, max(0.0, value - bias - reach), min(1.0, value + reach), noise)
