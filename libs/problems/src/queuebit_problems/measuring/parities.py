"""Counts of a Clifford circuit against its exact outcomes, however many those are: parities that hold, coins that are fair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from queuebit_circuits.clifford import Parities
from queuebit_problems.measurement import Test

COINS_LISTED_MAX = 12
"""Up to here every outcome is listed, and the tests are those of any listed distribution."""
ALPHA = 1e-8
"""How often a test may refuse an honest sample."""
_OUTSIDE = 0.05


def clifford_tests(parities: Parities, counts: Mapping[str, int]) -> tuple[Test, ...]:
    """Tests of the counts, by key, of at least one run."""
    basis = parities.basis()
    if len(basis) <= COINS_LISTED_MAX:
        from queuebit_circuits.simulator import outcomes_of
        from queuebit_problems.measuring import goodness_of_fit

        return goodness_of_fit.tests(outcomes_of(parities), counts)
    seen = [((parities.circuit.bits(key) or 0) ^ parities.constant, number) for key, number in counts.items()]
    return _possible(basis, seen), _fair(basis, seen)


def _possible(basis: Sequence[int], seen: Sequence[tuple[int, int]]) -> Test:
    """Runs whose outcome is no sum of the basis: a circuit without noise has none."""
    strays = sum(number for outcome, number in seen if _rest(outcome, basis))
    detail = f"{strays} runs gave an outcome that the circuit cannot have"
    return Test("possible outcomes", float(strays), float(strays), float(strays), 0.0, strays == 0, detail)


def _rest(outcome: int, basis: Sequence[int]) -> int:
    for turned in reversed(basis):
        if outcome >> turned.bit_length() - 1 & 1:
            outcome ^= turned
    return outcome


def _fair(basis: Sequence[int], seen: Sequence[tuple[int, int]]) -> Test:
    """How far the share of odd parities is from one half, of each free bit and each two neighbours of those (Hoeffding)."""
    shots = sum(number for _, number in seen)
    tops = [turned.bit_length() - 1 for turned in basis]
    masks = [1 << top for top in tops] + [1 << a | 1 << b for a, b in pairwise(tops)]
    shares = (sum(number for outcome, number in seen if (outcome & mask).bit_count() % 2) / shots for mask in masks)
    worst = max(abs(share - 0.5) for share in shares)
    limit = math.sqrt(math.log(2 * len(masks) / ALPHA) / (2 * shots))
    width = math.sqrt(math.log(2 / _OUTSIDE) / (2 * shots))
    detail = f"the largest distance from one half of the shares of {len(masks)} parities; at most the limit"
    return Test("fair bits", worst, max(0.0, worst - width), min(0.5, worst + width), limit, worst <= limit, detail)
