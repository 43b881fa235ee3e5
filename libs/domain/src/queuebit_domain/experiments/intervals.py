"""How far a number can be trusted: intervals by the t distribution, and by drawing clusters again.

Chance comes as an argument: `pick(n)` gives one of 0 to n - 1. The same draws give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")
Pick = Callable[[int], int]
DRAWS: Final = 2_000


class Interval(NamedTuple):
    """A number, and between what it lies with the stated confidence."""

    value: float
    low: float
    high: float


def t_quantile(p: float, degrees: float) -> float:
    """The quantile of Student's distribution, by the expansion of Cornish and Fisher: to 1 % from four degrees of freedom
    on, and wider than needed below.
    """
    z = NormalDist().inv_cdf(p)
    if degrees >= 4:
        z2, d = z * z, degrees
        g1 = z * (z2 + 1) / 4
        g2 = z * (5 * z2 * z2 + 16 * z2 + 3) / 96
        g3 = z * (3 * z2**3 + 19 * z2 * z2 + 17 * z2 - 15) / 384
        g4 = z * (79 * z2**4 + 776 * z2**3 + 1482 * z2 * z2 - 1920 * z2 - 945) / 92160
        return z + g1 / d + g2 / d**2 + g3 / d**3 + g4 / d**4
    tabled = {1: 12.7062, 2: 4.3027, 3: 3.1824}
    return math.copysign(tabled[max(1, math.floor(degrees))] * abs(z) / 1.959964, z)


def mean_interval(values: Sequence[float], confidence: float) -> Interval:
    """The mean of independent values. Raises ValueError for fewer than two."""
    n = len(values)
    if n < 2:
        raise ValueError("an interval takes two values at least")
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in values) / (n - 1) / n)
    reach = t_quantile(0.5 + confidence / 2, n - 1) * spread
    return Interval(mean, mean - reach, mean + reach)


def difference_interval(ours: Sequence[float], other: Sequence[float], confidence: float) -> Interval:
    """The difference of two means, by Welch: the two may spread differently. Raises ValueError for fewer than two each."""
    if min(len(ours), len(other)) < 2:
        raise ValueError("an interval takes two values on either side at least")
    means, parts = [], []
    for values in (ours, other):
        n, mean = len(values), math.fsum(values) / len(values)
        means.append(mean)
        parts.append((math.fsum((each - mean) ** 2 for each in values) / (n - 1) / n, n))
    variance = parts[0][0] + parts[1][0]
    value = means[0] - means[1]
    if variance == 0:
        return Interval(value, value, value)
    degrees = variance**2 / sum(part**2 / (n - 1) for part, n in parts)
    reach = t_quantile(0.5 + confidence / 2, degrees) * math.sqrt(variance)
    return Interval(value, value - reach, value + reach)


def by_clusters(
    clusters: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    pick: Pick,
    *,
    confidence: float,
    draws: int = DRAWS,
) -> Interval:
    """A statistic of clusters, each of which is drawn or left as a whole: what is repeated in one is no more evidence.

    The interval between percentiles of the statistic over so many draws.
    """
    n = len(clusters)
    found = sorted(statistic([clusters[pick(n)] for _ in range(n)]) for _ in range(draws))
    tail = (1 - confidence) / 2
    return Interval(
        statistic(clusters), found[math.floor(tail * (draws - 1))], found[math.ceil((1 - tail) * (draws - 1))]
    )
