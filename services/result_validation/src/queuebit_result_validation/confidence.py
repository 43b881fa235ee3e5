"""How far an accepted answer can be trusted: a weighted mean of named parts.

    value = sum(weight * part) / sum(weight), over the parts that are known

| part        | value                                                              | weight |
| ----------- | ------------------------------------------------------------------ | ------ |
| feasibility | 1: the validator recomputed it, or there would be no confidence    | 4      |
| optimality  | 1 where proved, else 1 - gap to the best valid bound, at least 0   | 4      |
| samples     | lower end of the Wilson interval of the feasible fraction          | 1      |
| agreement   | lower end of the Wilson interval of the share that agrees          | 0.5    |
| backend     | health as the backend reports it                                   | 0.5    |
| calibration | halves with every HALF_LIFE_S of age                               | 0.5    |

The last four are about answers that were sampled. Where the optimum is proved, how the answer was found no longer matters:
they are stated with weight 0, and the value is 1. Where it is not proved, the value stays below 1.
"""

from __future__ import annotations

import math

from queuebit_contracts.jobs import Confidence, ConfidencePart
from queuebit_result_validation.evidence import Evidence

HALF_LIFE_S = 24 * 3600.0
UNPROVED_MAX = 0.999
WILSON_Z = 1.96
"""For an interval of 95 %."""

_FEASIBILITY = ConfidencePart(name="feasibility", value=1.0, weight=4.0, detail="recomputed from the problem")
_PROVED = ConfidencePart(name="optimality", value=1.0, weight=4.0, detail="proved")
_CERTAIN = Confidence(value=1.0, parts=(_FEASIBILITY, _PROVED))


def confidence_of(gap: float | None, *, proved: bool, evidence: Evidence) -> Confidence:
    """The confidence in a feasible answer with this gap (None: no bound is known)."""
    sampled = _sampled(evidence)
    if proved:
        if not sampled:
            return _CERTAIN
        stated = tuple(part.model_copy(update={"weight": 0.0}) for part in sampled)
        return Confidence(value=1.0, parts=(_FEASIBILITY, _PROVED, *stated))
    parts = (_FEASIBILITY, _optimality(gap), *sampled)
    mean = sum(part.weight * part.value for part in parts) / sum(part.weight for part in parts)
    return Confidence(value=min(UNPROVED_MAX, round(mean, 6)), parts=parts)


def wilson(fraction: float, count: int, z: float = WILSON_Z) -> tuple[float, float]:
    """The interval in which the true share lies, when `fraction` of `count` samples were seen (Wilson 1927)."""
    if count <= 0:
        return 0.0, 1.0
    centre = fraction + z * z / (2 * count)
    spread = z * math.sqrt(fraction * (1 - fraction) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _optimality(gap: float | None) -> ConfidencePart:
    if gap is None:
        return ConfidencePart(name="optimality", value=0.0, weight=4.0, detail="no bound is known")
    return ConfidencePart(name="optimality", value=max(0.0, 1.0 - gap), weight=4.0, detail=f"gap {gap:.6g}")


def _sampled(evidence: Evidence) -> tuple[ConfidencePart, ...]:
    parts: list[ConfidencePart] = []
    if evidence.shots is not None:
        for name, weight, fraction in (
            ("samples", 1.0, evidence.feasible_fraction),
            ("agreement", 0.5, evidence.best_fraction),
        ):
            if fraction is not None:
                low, high = wilson(fraction, evidence.shots)
                detail = f"{fraction:.4g} of {evidence.shots} samples, 95 % interval {low:.4g} to {high:.4g}"
                parts.append(ConfidencePart(name=name, value=low, weight=weight, detail=detail))
    if evidence.backend_health is not None:
        parts.append(
            ConfidencePart(name="backend", value=evidence.backend_health, weight=0.5, detail="as the backend reports")
        )
    if evidence.calibration_age_s is not None:
        age_h = evidence.calibration_age_s / 3600
        freshness = 0.5 ** (evidence.calibration_age_s / HALF_LIFE_S)
        parts.append(ConfidencePart(name="calibration", value=freshness, weight=0.5, detail=f"{age_h:.1f} h old"))
    return tuple(parts)
