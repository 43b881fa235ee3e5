"""The worker's evidence about a sampled answer, read with suspicion. Absent parts are absent; absurd ones are findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_result_validation.findings import Code, Finding

SHOTS_MAX = 10**9
CLOCK_SKEW_S = 300.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was reported.

    `feasible_fraction` and `best_fraction`: the shares of `shots` samples that were feasible, and that agree with the answer.
    `backend_health`: from 0 to 1. `calibration_age_s`: how long before now the backend was calibrated. `mean_energy`,
    `energy_std` and `best_energy`: of the samples' QUBO. `best_raw`: the best objective among the samples as they came.
    `placebo_best`: the best objective that as many random samples reached through the same repair and polish. `source`: the
    step that the answer is from.
    """

    shots: int | None = None
    feasible_fraction: float | None = None
    best_fraction: float | None = None
    backend_health: float | None = None
    calibration_age_s: float | None = None
    mean_energy: float | None = None
    energy_std: float | None = None
    best_energy: float | None = None
    best_raw: Number | None = None
    placebo_best: Number | None = None
    source: str | None = None


NOTHING = Evidence()
_KEYS = frozenset(
    {
        "shots", "feasible_fraction", "best_fraction", "backend_health", "calibrated_at", "mean_energy", "energy_std",
        "best_energy", "best_raw_objective", "placebo_best", "best_source",
    }
)  # fmt: skip


def read_evidence(reported: Mapping[str, Any], shots: int, now: datetime) -> tuple[Evidence, list[Finding]]:
    """The evidence, and what is absurd in it. `shots`: from the usage, where the evidence does not tell."""
    if not shots and _KEYS.isdisjoint(reported):
        return NOTHING, []
    findings: list[Finding] = []

    def fraction(name: str) -> float | None:
        value = reported.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        findings.append(Finding(Code.EVIDENCE_MALFORMED, f"{name} should be a number from 0 to 1."))
        return None

    def number(name: str, *, negative: bool = True) -> Number | None:
        value = reported.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and (negative or value >= 0):
            return value
        wanted = "a number" if negative else "a number, 0 or more"
        findings.append(Finding(Code.EVIDENCE_MALFORMED, f"{name} should be {wanted}."))
        return None

    counted = reported.get("shots", shots)
    if not isinstance(counted, int) or isinstance(counted, bool) or not 0 <= counted <= SHOTS_MAX:
        findings.append(Finding(Code.EVIDENCE_MALFORMED, f"shots should be a whole number up to {SHOTS_MAX}."))
        counted = 0
    return (
        Evidence(
            shots=counted or None,
            feasible_fraction=fraction("feasible_fraction"),
            best_fraction=fraction("best_fraction"),
            backend_health=fraction("backend_health"),
            calibration_age_s=_age_s(reported.get("calibrated_at"), now, findings),
            mean_energy=number("mean_energy"),
            energy_std=number("energy_std", negative=False),
            best_energy=number("best_energy"),
            best_raw=number("best_raw_objective"),
            placebo_best=number("placebo_best"),
            source=source if isinstance(source := reported.get("best_source"), str) else None,
        ),
        findings,
    )


def _age_s(value: Any, now: datetime, findings: list[Finding]) -> float | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        age_s = (now - moment).total_seconds()
    except (TypeError, ValueError):
        findings.append(Finding(Code.EVIDENCE_MALFORMED, "calibrated_at should be an RFC 3339 time with a zone."))
        return None
    if age_s < -CLOCK_SKEW_S:
        findings.append(Finding(Code.EVIDENCE_MALFORMED, "calibrated_at lies in the future."))
        return None
    return max(0.0, age_s)
