"""How far an answer that was measured can be trusted: a weighted mean of named parts, as for optimisation problems."""

from __future__ import annotations

import math

from queuebit_contracts.jobs import Confidence, ConfidencePart
from queuebit_problems.measurement import Examination, Test
from queuebit_result_validation.confidence import UNPROVED_MAX, sampled_parts
from queuebit_result_validation.evidence import Evidence
from queuebit_result_validation.history import Track

WEIGHTS = {"verification": 4.0, "optimality": 4.0, "test": 1.0, "shots": 0.5}


def confidence_of(found: Examination, gap: float | None, evidence: Evidence, track: Track) -> Confidence:
    """The confidence in an answer that was examined; `gap` where a bound is known.

    | part         | value                                                                    | weight |
    | ------------ | ------------------------------------------------------------------------ | ------ |
    | verification | 1 where the exact result was computed here, else 0                       | 4      |
    | optimality   | 1 where proved, else 1 - gap; only where there is an objective           | 4      |
    | (each test)  | 1 where passed, else 0                                                   | 1      |
    | shots        | 1 - 1 / sqrt(shots): the share of a value that its noise leaves          | 0.5    |
    | backend, calibration, history | as in `confidence`                                      | 0.5    |

    Below 1 unless the optimum is proved: no sample proves a distribution.
    """
    parts = [
        ConfidencePart(
            name="verification",
            value=1.0 if found.exact else 0.0,
            weight=WEIGHTS["verification"],
            detail="compared with the exact result" if found.exact else "too large to be recomputed",
        )
    ]
    if found.objective is not None:
        value, detail = _optimality(gap, found.proved)
        parts.append(ConfidencePart(name="optimality", value=value, weight=WEIGHTS["optimality"], detail=detail))
    parts += [
        ConfidencePart(name=test.name, value=float(test.passed), weight=WEIGHTS["test"], detail=told(test))
        for test in found.tests
    ]
    if evidence.shots:
        precision = 1 - 1 / math.sqrt(evidence.shots)
        parts.append(
            ConfidencePart(name="shots", value=precision, weight=WEIGHTS["shots"], detail=f"{evidence.shots} shots")
        )
    parts += sampled_parts(evidence, track)
    mean = sum(part.weight * part.value for part in parts) / sum(part.weight for part in parts)
    value = 1.0 if found.proved else min(UNPROVED_MAX, round(mean, 6))
    return Confidence(value=value, parts=tuple(parts))


def _optimality(gap: float | None, proved: bool) -> tuple[float, str]:
    if proved:
        return 1.0, "proved"
    return (0.0, "no bound is known") if gap is None else (max(0.0, 1.0 - gap), f"gap {gap:.6g}")


def told(test: Test) -> str:
    """A test in one line: statistic, interval, limit."""
    numbers = f"{test.statistic:.4g} (95 % interval {test.low:.4g} to {test.high:.4g}), limit {test.limit:.4g}"
    return f"{test.name} {numbers}" + (f", {test.detail.rstrip('.')}" if test.detail else "")
