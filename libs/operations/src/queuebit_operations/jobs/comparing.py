"""Two answers to the same question, compared: samples by their distance with its interval, objectives by their values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.jobs import Sense

Finding = Literal["same", "better", "worse", "differs"]
Z_95 = 1.959964
Z_SAME = 4.0
"""So many standard errors beyond what chance alone explains still count as the same: one in some ten thousand pairs errs."""
EQUAL_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class Comparison:
    """`finding` is about the second answer, seen from the first. `distance`: with its 95 % interval, where it has one."""

    finding: Finding
    detail: str
    distance: float | None = None
    interval: tuple[float, float] | None = None


def compare(first: ev.JobCompleted, second: ev.JobCompleted, sense: Sense | None) -> Comparison:
    """How the second answer stands to the first."""
    counts = _counts(first.answer), _counts(second.answer)
    if counts[0] is not None and counts[1] is not None:
        return compare_samples(counts[0], counts[1])
    values = _estimate(first.answer), _estimate(second.answer)
    if values[0] is not None and values[1] is not None:
        return _compare_estimates(values[0], values[1])
    if first.objective is not None and second.objective is not None:
        return _compare_objectives(float(first.objective), float(second.objective), sense)
    same = fingerprint(first.answer) == fingerprint(second.answer)
    return Comparison("same" if same else "differs", "the answers are equal" if same else "the answers are not equal")


def compare_samples(first: Mapping[str, int], second: Mapping[str, int]) -> Comparison:
    """Total variation distance of two samples. Two samples of one source lie some way apart by chance; beyond that they differ.

    The interval is the delta method's: the distance is a sum of shares, each with the sign of its difference.
    """
    n, m = sum(first.values()), sum(second.values())
    keys = first.keys() | second.keys()
    shares = [(first.get(key, 0) / n, second.get(key, 0) / m) for key in keys]
    distance = 0.5 * sum(abs(p - q) for p, q in shares)
    signs = [0 if p == q else 1 if p > q else -1 for p, q in shares]
    means = [sum(sign * share[i] for sign, share in zip(signs, shares, strict=True)) for i in (0, 1)]
    squares = [sum(sign * sign * share[i] for sign, share in zip(signs, shares, strict=True)) for i in (0, 1)]
    error = 0.5 * math.sqrt(max(0.0, squares[0] - means[0] ** 2) / n + max(0.0, squares[1] - means[1] ** 2) / m)
    pooled = [(first.get(key, 0) + second.get(key, 0)) / (n + m) for key in keys]
    variances = [share * (1 - share) * (1 / n + 1 / m) for share in pooled]
    by_chance = 0.5 * sum(math.sqrt(2 / math.pi * each) for each in variances)
    spread = 0.5 * math.sqrt(sum((1 - 2 / math.pi) * each for each in variances))
    limit = by_chance + Z_SAME * spread
    same = distance <= limit
    interval = (max(0.0, distance - Z_95 * error), min(1.0, distance + Z_95 * error))
    detail = (
        f"distance {distance:.4f} (95 % {interval[0]:.4f} to {interval[1]:.4f}) of {n} and {m} samples; "
        f"chance explains {limit:.4f}"
    )
    return Comparison("same" if same else "differs", detail, distance, interval)


def _compare_estimates(first: tuple[float, float], second: tuple[float, float]) -> Comparison:
    away = abs(first[0] - second[0])
    error = math.hypot(first[1], second[1])
    same = away <= max(Z_SAME * error, EQUAL_RELATIVE * max(abs(first[0]), abs(second[0]), 1.0))
    interval = (max(0.0, away - Z_95 * error), away + Z_95 * error)
    detail = f"{first[0]:.6g} and {second[0]:.6g}, {away:.3g} apart with a standard error of {error:.3g}"
    return Comparison("same" if same else "differs", detail, away, interval)


def _compare_objectives(first: float, second: float, sense: Sense | None) -> Comparison:
    away = second - first
    if abs(away) <= EQUAL_RELATIVE * max(abs(first), abs(second), 1.0):
        return Comparison("same", f"objective {second:g} both times", 0.0)
    better = away > 0 if sense == "max" else away < 0
    finding: Finding = "differs" if sense is None else "better" if better else "worse"
    return Comparison(finding, f"objective {first:g}, then {second:g}", abs(away))


def _counts(answer: Mapping[str, Any]) -> Mapping[str, int] | None:
    counts = answer.get("counts")
    if not isinstance(counts, dict) or not counts or not all(isinstance(each, int) for each in counts.values()):
        return None
    return counts if sum(counts.values()) > 0 else None


def _estimate(answer: Mapping[str, Any]) -> tuple[float, float] | None:
    value, error = answer.get("value"), answer.get("std_error")
    return (float(value), float(error or 0.0)) if isinstance(value, int | float) else None
