"""Counts with the errors of readout taken out: the distribution that, read by this machine, is seen as these counts.

The inverse of the readout errors, bit by bit, gives shares that may be negative by chance; the nearest distribution (Smolin,
Gambetta and Smith 2012) takes their place. This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.circuit import Circuit, Measure, walk
from queuebit_circuits.pauli import PSEUDO
from queuebit_circuits.readout import Misread, Readout, mendable
from queuebit_circuits.simulator import Outcomes
from queuebit_problems.measurement import Test
from queuebit_problems.measuring.goodness_of_fit import ALPHA

ROUNDING_MAX = 1e-6
BITS_MAX = 12
"""So many bits are mended at most: the distribution may have all their outcomes."""
SHARE_MIN = 1e-9
"""Outcomes that are less likely are left out."""
METHOD = "inverse of the readout errors, nearest distribution"

Floats = NDArray[np.float64]


def mitigated(circuit: Circuit, counts: Mapping[str, int], readout: Readout | None) -> dict[str, Any] | None:
    """What the counts were before they were read, as answers state it; None where that cannot be said.

    `std_error` is the largest of all outcomes; `readout` says of each classical bit how often a 0 is read as 1 and a 1 as 0.
    """
    if readout is None or not mendable(readout) or len(readout) > BITS_MAX:
        return None
    clbits = sorted(readout)
    shares, shots = _shares(circuit, counts, clbits), sum(counts.values())
    inverse = [_inverse(readout[clbit]) for clbit in clbits]
    quasi = _applied(inverse, shares)
    variance = (_applied([each**2 for each in inverse], shares) - quasi**2) / shots
    gain = math.prod(float(np.abs(each).max()) for each in inverse)
    floor = PSEUDO / 2 * (gain / (shots + PSEUDO)) ** 2
    nearest = _nearest(quasi)
    kept = np.flatnonzero(nearest > SHARE_MIN)
    outcomes = [sum((place >> k & 1) << clbit for k, clbit in enumerate(clbits)) for place in kept.tolist()]
    return {
        "probabilities": dict(sorted(zip(circuit.keys(outcomes), nearest[kept].tolist(), strict=True))),
        "std_error": math.sqrt(max(0.0, float(variance.max())) + floor),
        "method": METHOD,
        "readout": [
            [readout[clbit].zero, readout[clbit].one] if clbit in readout else [0.0, 0.0]
            for clbit in range(circuit.clbits)
        ],
    }


def mitigation_tests(circuit: Circuit, counts: Mapping[str, int], stated: Mapping[str, Any]) -> tuple[Test, ...]:
    """That the stated distribution, read as wrongly as is stated, is seen as the counts, but for chance; and that the same
    errors taken out of the same counts give it again, with its error.
    """
    clbits = sorted({each.clbit for each in walk(circuit.operations) if isinstance(each, Measure)})
    if len(clbits) > BITS_MAX:
        many, most = float(len(clbits)), float(BITS_MAX)
        return (Test("mitigated", many, many, many, most, False, f"bits are mended, of which there may be {BITS_MAX}"),)
    readout = {clbit: Misread(*stated["readout"][clbit]) for clbit in clbits}
    seen, shots = _shares(circuit, counts, clbits), sum(counts.values())
    read = _applied([_confusion(each) for each in readout.values()], _shares(circuit, stated["probabilities"], clbits))
    away = float(np.abs(seen - read).sum()) / 2
    noise = float(np.sqrt(read * np.maximum(0.0, 1 - read) / shots).sum()) / 2
    limit = min(1.0, 2 * noise + math.sqrt(-math.log(ALPHA) / (2 * shots)) + 1e-6)
    detail = "how far the counts are from the mitigated distribution, read with the stated errors; at most the limit"
    again = _away(mitigated(circuit, counts, readout), stated)
    told = (
        "how far the mitigated distribution and its error are from those that the counts give again; at most the limit"
    )
    return (
        Test("mitigated", away, max(0.0, away - noise), min(1.0, away + noise), limit, away <= limit, detail),
        Test("mitigated again", again, again, again, ROUNDING_MAX, again <= ROUNDING_MAX, told),
    )


def _away(found: Mapping[str, Any] | None, stated: Mapping[str, Any]) -> float:
    """The largest difference of two mitigations; 1 where there is none."""
    if found is None:
        return 1.0
    one, other = found["probabilities"], stated["probabilities"]
    shares = (abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in one.keys() | other.keys())
    return float(max(abs(found["std_error"] - stated["std_error"]), *shares))


def deviation(exact: Mapping[str, float], seen: Mapping[str, float]) -> float:
    """The total variation distance of what was seen, counts or shares, from the exact distribution."""
    total = math.fsum(seen.values())
    keys = exact.keys() | seen.keys()
    return min(1.0, math.fsum(abs(exact.get(key, 0.0) - seen.get(key, 0.0) / total) for key in keys) / 2)


def deviation_test(exact: Outcomes, answer: Mapping[str, Any]) -> Test:
    """That the stated deviations are those that are found again."""
    shares = exact.as_dict()
    seen = {"counts": answer["counts"], "mitigated": answer["mitigated"]["probabilities"]}
    if "model" in answer:
        seen["model"] = answer["model"]
    found = {name: deviation(shares, each) for name, each in seen.items()}
    away = max(abs(found[name] - answer["deviation"][name]) for name in found)
    detail = (
        f"total variation from the exact distribution: {found['counts']:.4g} of the counts, "
        f"{found['mitigated']:.4g} with readout errors taken out; stated within the limit"
    )
    return Test("deviation", away, away, away, ROUNDING_MAX, away <= ROUNDING_MAX, detail)


def model_tests(exact: Outcomes, answer: Mapping[str, Any]) -> tuple[Test, ...]:
    """That the counts are drawn from what the noise gives on average, and how far that is from the exact distribution: with
    chance left out, so that nothing but noise explains it.
    """
    model, counts = answer["model"], answer["counts"]
    shots, total = sum(counts.values()), math.fsum(model.values())
    away = deviation({key: share / total for key, share in model.items()}, counts)
    noise = math.fsum(math.sqrt(max(0.0, share * (1 - share)) / shots) for share in model.values()) / 2
    limit = min(1.0, noise + math.sqrt(-math.log(ALPHA) / (2 * shots)) + ROUNDING_MAX)
    detail = "total variation of the counts from what the noise gives on average; at most the limit"
    drawn = Test("noise model", away, max(0.0, away - noise), min(1.0, away + noise), limit, away <= limit, detail)
    bias = deviation(exact.as_dict(), model)
    told = "total variation of what the noise gives on average from the exact distribution"
    return drawn, Test("bias", bias, bias, bias, ROUNDING_MAX, bias <= ROUNDING_MAX, told)


def _confusion(misread: Misread) -> Floats:
    """Columns are what was, rows what is read."""
    return np.array([[1 - misread.zero, misread.one], [misread.zero, 1 - misread.one]])


def _inverse(misread: Misread) -> Floats:
    return np.array([[1 - misread.one, -misread.one], [-misread.zero, 1 - misread.zero]]) / misread.contrast


def _shares(circuit: Circuit, weights: Mapping[str, float], clbits: list[int]) -> Floats:
    """By the values of these bits, the first the least significant: the share of each."""
    found = np.zeros(1 << len(clbits))
    for key, weight in weights.items():
        bits = circuit.bits(key) or 0
        found[sum((bits >> clbit & 1) << k for k, clbit in enumerate(clbits))] += weight
    total = float(found.sum())
    return found / total if total else found


def _applied(matrices: list[Floats], vector: Floats) -> Floats:
    """The product of one matrix a bit, the first for the least significant."""
    bits = len(matrices)
    found = vector.reshape((2,) * bits)
    for k, matrix in enumerate(matrices):
        axis = bits - 1 - k
        found = np.moveaxis(np.tensordot(matrix, found, axes=(1, axis)), 0, axis)
    return found.reshape(-1)


def _nearest(quasi: Floats) -> Floats:
    """The distribution nearest to shares that add up to 1 and may be negative (Euclidean)."""
    ordered = np.sort(quasi)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(ordered) + 1)
    last = int(np.flatnonzero(ordered - excess > 0)[-1])
    nearest: Floats = np.maximum(quasi - excess[last], 0.0)
    return nearest
