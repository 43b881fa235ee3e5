"""How far apart two samples of outcomes are, with an interval that holds whatever the distributions are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_LOG = math.log(2 / 0.05)
SURE = 3.72
"""Standard deviations: beyond lies one in 10,000."""
EXPECTED_MIN = 5
"""What the test of homogeneity asks of each cell (Cochran, 1954)."""


@dataclass(frozen=True, slots=True)
class Distance:
    """The total variation distance: the largest difference that any event has in the two.

    `value` is that of the samples. `low` and `high` hold the true one with at least 95 % (bounded differences; below, how much
    sampling alone adds is taken off). `noise`: what equal distributions would show from so few shots. `chi_square`, `freedom`:
    Pearson's test of homogeneity and its degrees of freedom; it sees what is smaller than the interval can exclude.
    """

    value: float
    low: float
    high: float
    noise: float
    chi_square: float
    freedom: int

    @property
    def differ(self) -> bool:
        """Whether the distributions differ, beyond what shots account for: equal ones are told apart once in 10,000 times."""
        return self.low > 0 or _deviates(self.chi_square, self.freedom) > SURE


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
    return Distance(
        value, max(0.0, value - bias - reach), min(1.0, value + reach), noise, *_chi_square(one, other, n, m)
    )


def _chi_square(one: Mapping[str, int], other: Mapping[str, int], n: int, m: int) -> tuple[float, int]:
    """Outcomes of which the smaller sample would hold too few are one cell, joined by the rarest other if need be."""
    share = min(n, m) / (n + m)
    cells: list[tuple[int, int]] = []
    rare_a = rare_b = 0
    for bits in one.keys() | other.keys():
        a, b = one.get(bits, 0), other.get(bits, 0)
        if (a + b) * share < EXPECTED_MIN:
            rare_a, rare_b = rare_a + a, rare_b + b
        else:
            cells.append((a, b))
    cells.sort(key=lambda cell: (-sum(cell), cell))
    if cells and (rare_a + rare_b) * share < EXPECTED_MIN:
        least = cells.pop()
        rare_a, rare_b = rare_a + least[0], rare_b + least[1]
    cells.append((rare_a, rare_b))
    if len(cells) < 2:
        return 0.0, 0
    return math.fsum((a * m - b * n) ** 2 / (n * m * (a + b)) for a, b in cells), len(cells) - 1


def _deviates(chi_square: float, freedom: int) -> float:
    """How far it lies out, in standard deviations of a normal distribution (Wilson and Hilferty, 1931)."""
    if not freedom:
        return 0.0
    part = 2 / (9 * freedom)
    return (math.cbrt(chi_square / freedom) - (1 - part)) / math.sqrt(part)
