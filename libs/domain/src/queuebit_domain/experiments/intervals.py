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
HALVINGS: Final = 64
"""After so many a quantile is as exact as a float."""
TERMS: Final = 400
"""So many terms of the continued fraction are more than it takes for any degrees of freedom in use."""


class Interval(NamedTuple):
    """A number, and between what it lies with the stated confidence."""

    value: float
    low: float
    high: float


def t_quantile(p: float, degrees: float) -> float:
    """The quantile of Student's distribution, for any degrees of freedom above zero, also broken ones. Raises ValueError
    outside of them, and for what is no probability.
    """
    if not (0.0 < p < 1.0 and degrees > 0.0):
        raise ValueError("a quantile takes a probability between 0 and 1, and degrees of freedom above 0")
    if p == 0.5:
        return 0.0
    tail = min(p, 1.0 - p)
    low, high = 0.0, 1.0
    while _t_tail(high, degrees) > tail:
        low, high = high, high * 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _t_tail(middle, degrees) > tail else (low, middle)
    return math.copysign(high, p - 0.5)


def _t_tail(t: float, degrees: float) -> float:
    """How likely a variable of Student's distribution is above `t`, which is not below zero."""
    return 0.5 * _incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(logarithm) / a / _continued(a, b, x)


def _continued(a: float, b: float, x: float) -> float:
    """The continued fraction of it, from its far end: 1 + d1 / (1 + d2 / (1 + …))."""
    found = 1.0
    for n in range(TERMS, 0, -1):
        m, odd = divmod(n, 2)
        if odd:
            part = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            part = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        found = 1.0 + part / found
    return found


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

    The interval between percentiles of the statistic over so many draws, further out the fewer clusters there are: those
    percentiles that for a mean make what Student's distribution says. What is drawn from few spreads less than they do.
    Raises ValueError for fewer than two clusters.
    """
    n = len(clusters)
    if n < 2:
        raise ValueError("an interval takes two clusters at least")
    found = sorted(statistic([clusters[pick(n)] for _ in range(n)]) for _ in range(draws))
    tail = NormalDist().cdf(math.sqrt(n / (n - 1)) * t_quantile((1 - confidence) / 2, n - 1))
    return Interval(
        statistic(clusters), found[math.floor(tail * (draws - 1))], found[math.ceil((1 - tail) * (draws - 1))]
    )
