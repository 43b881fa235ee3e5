"""Betting against a hypothesis, a pair at a time: wealth that may be looked at after every pair, as no fair bet makes it
grow.

Whoever starts with 1 and only makes bets that are fair, or worse, where the hypothesis is true, ever has `1 / alpha` with a
chance of at most alpha, however often anyone looks. All wealth is kept as logarithms, one for each way of betting that runs
beside the others; what they are worth together is their mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

Wealth = tuple[float, ...]
"""The logarithm of what each way of betting has made of 1."""

BETS: Final = (0.03, 0.1, 0.25, 0.5, 0.8)
"""The shares of the wealth that are bet on means, from timid to bold: each is best for another size of effect."""
SIGN_ODDS: Final = (0.55, 0.6, 0.7, 0.8, 0.9)
"""The shares of losses among all that is no tie, that signs are bet on."""
FEWER: Final = (0.02, 0.2, 0.5)
MORE: Final = (2.0, 5.0, 10.0)
"""Of the rate that is bet against: the rates that are bet on, where it is to be shown to be smaller, and larger."""
RATE_MAX: Final = 0.99
"""No higher rate is bet on; of a limit above it nothing can be shown."""
RATIO_WEIGHT: Final = 100.0
"""How surely the stated propensity is believed, in draws, before any was seen."""
START: Final[Wealth] = (0.0,) * len(BETS)
RATE_START: Final[Wealth] = (0.0,) * len(FEWER)


def bet(wealth: Wealth, x: float, mean: float, side: int) -> Wealth:
    """After one difference `x` in [-1, 1]. `side` +1 bets that the mean is above `mean`, -1 that it is below.

    No factor falls below 1 - max(BETS), as what is bet is a share of the worst that can be lost. Where nothing can be lost,
    as `mean` lies at the end of what a difference can be, or beyond, nothing is bet: whatever came would show nothing.
    """
    worst = 1.0 + side * mean
    if worst <= 0.0:
        return wealth
    gain = side * (x - mean) / worst
    return tuple([w + math.log1p(b * gain) for w, b in zip(wealth, BETS, strict=True)])


def sign(wealth: Wealth, x: float) -> Wealth:
    """After one difference, of which only the sign counts: bets that there are more losses than gains. A tie shows nothing."""
    if x == 0:
        return wealth
    return tuple([w + math.log(2 * (p if x > 0 else 1 - p)) for w, p in zip(wealth, SIGN_ODDS, strict=True)])


def rate(wealth: Wealth, bad: bool, limit: float, against: Sequence[float]) -> Wealth:
    """After one that went bad, or not: bets that the rate of the bad is the limit times each of these, and not the limit."""
    rates = [limit if limit > RATE_MAX else min(limit * factor, RATE_MAX) for factor in against]
    if bad:
        return tuple([w + math.log(r / limit) for w, r in zip(wealth, rates, strict=True)])
    return tuple([w + math.log((1 - r) / (1 - limit)) for w, r in zip(wealth, rates, strict=True)])


def guard(wealth: Wealth, x: float) -> Wealth:
    """The watch over what is trusted already: as `bet` that it harms, but none of it ever starts below 1.

    So a thousand good pairs do not have to be lost again before harm is seen. With a threshold of `t` it cries wolf at most
    once in about `t` pairs.
    """
    return bet(tuple([max(w, 0.0) for w in wealth]), x, 0.0, +1)


def log_e(wealth: Wealth) -> float:
    """What all ways of betting are worth together: the logarithm of their mean."""
    top = max(wealth)
    return top + math.log(sum([math.exp(w - top) for w in wealth]) / len(wealth))


def ratio(taken: int, seen: int, expected: float) -> float:
    """The logarithm of the odds that so many of those that were seen were not taken with the stated propensity, on average.

    `expected` is the sum of their propensities.
    """
    if seen == 0 or not 0 < expected < seen:
        return 0.0
    p = expected / seen
    a, b = RATIO_WEIGHT * p, RATIO_WEIGHT * (1 - p)
    return (
        _log_beta(taken + a, seen - taken + b)
        - _log_beta(a, b)
        - taken * math.log(p)
        - (seen - taken) * math.log(1 - p)
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
