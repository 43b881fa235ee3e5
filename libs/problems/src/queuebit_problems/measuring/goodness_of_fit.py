"""Whether counts could come from a distribution: tests whose limits hold for every number of runs, not only in the limit.

Each limit is kept by honest samples but for a chance of ALPHA, by an inequality that is proved for finite samples, so that no
normal or chi-square approximation has to be trusted. `fidelity` and `total variation` say how far the counts are away and are
weak where there are more outcomes than runs; `likelihood` and `marginals` stay sharp there.
This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.simulator import PROBABILITY_MIN, Outcomes
from queuebit_problems.measurement import Test

ALPHA = 1e-8
"""How often a test may refuse an honest sample."""
ROUNDING = 1e-9
"""Of floating point."""
_SUM_ROUNDING = 1e-14
_OUTSIDE = 0.05
"""How often the true value lies outside of an interval."""
_WIDTH_95 = 1.959964

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Sample:
    """Exact probabilities and the observed share of each possible outcome; `strays` runs saw an impossible one. By `rounding`
    the probabilities may be wrong together, of floating point and of what is left out: each limit allows for it.
    """

    exact: Floats
    seen: Floats
    shots: int
    strays: int
    kinds: int
    rounding: float


def tests(outcomes: Outcomes, counts: Mapping[str, int]) -> tuple[Test, ...]:
    """Tests of the counts, by key, of at least one run, against the exact outcomes."""
    sample = _sample(outcomes, counts)
    total = _variation(sample)
    return (
        _possible(outcomes, sample),
        _fidelity(sample, total.limit),
        total,
        _entropy(sample),
        _likelihood(sample),
        _marginals(outcomes, counts, sample.shots),
    )


def _sample(outcomes: Outcomes, counts: Mapping[str, int]) -> _Sample:
    shots = sum(counts.values())
    bits: NDArray[Any] = np.array(outcomes.circuit.all_bits(counts), dtype=outcomes.bits.dtype)
    number = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    place = np.minimum(np.searchsorted(outcomes.bits, bits), len(outcomes.bits) - 1)
    known = outcomes.bits[place] == bits
    weights = number[known] / shots
    seen: Floats = np.bincount(place[known], weights=weights, minlength=len(outcomes.bits)).astype(np.float64)
    strays = int(number[~known].sum())
    kinds, rounding = len(outcomes.bits) + int((~known).sum()), ROUNDING + 2 * outcomes.left_out
    return _Sample(outcomes.probabilities, seen, shots, strays, kinds, rounding)


def _possible(outcomes: Outcomes, sample: _Sample) -> Test:
    """Runs with an outcome whose probability is below PROBABILITY_MIN: as many as all of those together may explain.

    Their number is Poisson at most.
    """
    limit = _poisson_limit(sample.shots * (outcomes.left_out + _SUM_ROUNDING))
    share = sample.strays / sample.shots
    low, high = _binomial_interval(share, sample.shots)
    return Test(
        "possible outcomes", float(sample.strays), low * sample.shots, high * sample.shots, float(limit),
        sample.strays <= limit,
        f"{sample.strays} of {sample.shots} runs gave an outcome that the circuit cannot have",
    )  # fmt: skip


def _fidelity(sample: _Sample, variation_limit: float) -> Test:
    """(sum sqrt(p q))**2. It is at least exp(-D) with D the relative entropy, and at least (1 - total variation)**2."""
    value = _overlap(sample) ** 2
    proved = max(math.exp(-_entropy_limit(len(sample.exact), sample.shots, ALPHA)), max(0.0, 1 - variation_limit) ** 2)
    limit = proved - sample.rounding
    # The Hellinger distance is a metric, and the sample is within `away` of what the device really does.
    bound = _entropy_limit(sample.kinds, sample.shots, _OUTSIDE)
    away = math.sqrt(-math.expm1(-bound / 2))
    here = math.sqrt(max(0.0, 1 - math.sqrt(value)))
    low, high = ((1 - min(1.0, max(0.0, here + side * away)) ** 2) ** 2 for side in (1, -1))
    return Test(
        "fidelity", value, min(low, value), max(high, value), limit, value >= limit,
        "classical (Bhattacharyya) fidelity with the exact distribution; at least the limit",
    )  # fmt: skip


def _variation(sample: _Sample) -> Test:
    """Half of sum |p - q|. Its mean is at most half of sum sqrt(p(1-p)/shots) (Jensen), and it is hardly ever larger than
    that by sqrt(ln(1/alpha) / (2 shots)) (McDiarmid 1989, as one run changes it by 1/shots at most).
    """
    value = min(1.0, (float(np.abs(sample.exact - sample.seen).sum()) + sample.strays / sample.shots) / 2)
    noise = float(np.sqrt(sample.exact * np.maximum(0.0, 1 - sample.exact) / sample.shots).sum()) / 2
    limit = min(1.0, noise + math.sqrt(-math.log(ALPHA) / (2 * sample.shots)) + sample.rounding)
    width = math.sqrt(-math.log(_OUTSIDE / 2) / (2 * sample.shots))
    return Test(
        "total variation", value, max(0.0, value - noise - width), min(1.0, value + width), limit,
        value <= limit,
        "total variation distance to the exact distribution; at most the limit, which the number of runs sets",
    )  # fmt: skip


def _entropy(sample: _Sample) -> Test:
    """The G test: relative entropy of the observed shares, in nats; 2 shots times it is the G statistic.

    Limit: Agrawal, IEEE Trans. Inf. Theory 66 (2020), theorem I.2.
    """
    held = sample.seen > 0
    seen, exact = sample.seen[held], sample.exact[held]
    ratio = np.log(seen / exact)
    value = max(0.0, float((seen * ratio).sum()))
    limit = _entropy_limit(len(sample.exact), sample.shots, ALPHA) + sample.rounding
    error = _WIDTH_95 * math.sqrt(max(0.0, float((seen * ratio**2).sum()) - value**2) / sample.shots)
    bias = _entropy_limit(len(sample.exact), sample.shots, _OUTSIDE)
    return Test(
        "relative entropy", value, max(0.0, value - error - bias), value + error, limit, value <= limit,
        f"G test with {len(sample.exact)} outcomes: G = {2 * sample.shots * value:.6g}; at most the limit, in nats",
    )  # fmt: skip


def _likelihood(sample: _Sample) -> Test:
    """How surprising the runs are: mean -ln p less its exact mean. Limit: Bernstein's inequality, for either side."""
    surprise = -np.log(sample.exact)
    mean = float((sample.exact * surprise).sum())
    spread = float((sample.exact * (surprise - mean) ** 2).sum())
    reach = float(np.abs(surprise - mean).max())
    value = float((sample.seen * (surprise - mean)).sum())
    limit = _bernstein(spread, reach, sample.shots, ALPHA) + sample.rounding
    width = _bernstein(spread, reach, sample.shots, _OUTSIDE)
    return Test(
        "likelihood", value, value - width, value + width, limit, abs(value) <= limit,
        f"mean surprise (-ln p) less the exact {mean:.6g} nats; within the limit on either side",
    )  # fmt: skip


def _marginals(outcomes: Outcomes, counts: Mapping[str, int], shots: int) -> Test:
    """The classical bit that is furthest from its exact mean, as shots times the relative entropy of the two coins.

    Limit: Chernoff's bound for each bit and either side, together.
    """
    clbits = outcomes.circuit.clbits
    digits = np.frombuffer("".join(counts).replace(" ", "").encode(), dtype=np.uint8).reshape(-1, clbits)
    number = np.fromiter(counts.values(), dtype=np.float64, count=len(counts)) / shots
    shares = (number @ (digits == ord("1")))[::-1]
    worst, which, pair = 0.0, 0, (0.0, 0.0)
    ones = _ones(outcomes, clbits)
    for clbit, seen in enumerate(shares.tolist()):
        exact = ones[clbit]
        found = shots * _coins(min(1.0, seen), min(1.0, exact))
        if found > worst:
            worst, which, pair = found, clbit, (seen, exact)
    limit = math.log(2 * clbits / ALPHA)
    low, high = _binomial_interval(pair[0], shots)
    return Test(
        "marginals", worst, worst, worst, limit, worst <= limit,
        f"bit {which} is 1 in a share of {pair[0]:.6g} ({low:.6g} to {high:.6g}) of the runs, exactly {pair[1]:.6g}",
    )  # fmt: skip


def _ones(outcomes: Outcomes, clbits: int) -> list[float]:
    """How probable a 1 is of each bit."""
    bits, shares = outcomes.bits, outcomes.probabilities
    return [float(np.add.reduce(shares, where=(bits >> clbit & 1).astype(bool))) for clbit in range(clbits)]


def _overlap(sample: _Sample) -> float:
    return min(1.0, float(np.sqrt(sample.exact * sample.seen).sum()))


@lru_cache(maxsize=256)
def _entropy_limit(kinds: int, shots: int, alpha: float) -> float:
    """The relative entropy that a sample of `kinds` outcomes exceeds with a chance of at most alpha.

    P(D >= e) <= exp(-shots e) (e shots exp(1) / (kinds - 1))**(kinds - 1), solved for e.
    """
    degrees = kinds - 1
    if degrees == 0:
        return 0.0
    low, high = float(degrees), 2.0 * degrees - 4 * math.log(alpha)
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if middle - degrees * (1 + math.log(middle / degrees)) > -math.log(alpha):
            high = middle
        else:
            low = middle
    return high / shots


def _bernstein(variance: float, reach: float, shots: int, alpha: float) -> float:
    """How far the mean of `shots` values may be from theirs, each within `reach`, but for a chance of alpha."""
    exponent = math.log(2 / alpha) / shots
    first = reach * exponent / 3
    return first + math.sqrt(first * first + 2 * variance * exponent)


def _coins(seen: float, exact: float) -> float:
    """The relative entropy of two coins. A share that cannot be, but for rounding, is held against PROBABILITY_MIN."""
    total = 0.0
    for one, other in ((seen, exact), (1 - seen, 1 - exact)):
        if one > ROUNDING:
            total += one * math.log(one / max(other, PROBABILITY_MIN))
    return max(0.0, total)


def _poisson_limit(mean: float) -> int:
    """The least number that a Poisson variable of this mean exceeds with a chance of at most ALPHA."""
    term, number = -math.expm1(-mean), 0
    while term > ALPHA:
        number += 1
        term *= mean / (number + 1)
    return number


def _binomial_interval(share: float, shots: int) -> tuple[float, float]:
    """The interval of Wilson for a share of the runs."""
    z = _WIDTH_95
    centre = (share + z * z / (2 * shots)) / (1 + z * z / shots)
    half = z * math.sqrt(share * (1 - share) / shots + z * z / (4 * shots * shots)) / (1 + z * z / shots)
    return max(0.0, centre - half), min(1.0, centre + half)
