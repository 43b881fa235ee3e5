"""The verdict on a measurement: pure. What was measured is compared with the exact result, which is computed again here.

An answer that says it was computed exactly is trusted no more than any other: it goes through the same tests. Where the problem
is too large for the exact reference, only the form of the answer was checked. Then the lane decides (`RULINGS`): the classical
lane refuses what it cannot compute, and on the simulator the circuits that ran were shown to be those that were asked for, so
that its answer stands with the lower confidence that the missing part costs; what a real device says about a circuit that
nobody can compute is left to a person.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated, Verdict
from queuebit_contracts.jobs import Lane
from queuebit_problems.errors import ProblemError
from queuebit_problems.kind import gap_of
from queuebit_problems.measurement import Examination, Measurement
from queuebit_problems.registry import kind_of, parse_problem
from queuebit_result_validation.compare import close, finite
from queuebit_result_validation.drift import Drift
from queuebit_result_validation.evidence import NOTHING, Evidence, read_evidence
from queuebit_result_validation.findings import Code, Finding
from queuebit_result_validation.history import NO_TRACK, Track
from queuebit_result_validation.measured_confidence import confidence_of, told
from queuebit_result_validation.noise import VALUE, explained, noise_allowed

REASONS_MAX = 20
TOGETHER_S = 0.05
"""Answers that are checked together wait for each other no longer than this."""
STALE_S = 7 * 24 * 3600.0
FIDELITY_MIN = 1 - 1e-6
"""What the check of a conversion must have found."""


class MeasuredCode(StrEnum):
    """What only measurements are found with."""

    TEST_FAILED = "test_failed"
    NOT_RECOMPUTED = "not_recomputed"
    CONVERSION_UNCHECKED = "conversion_unchecked"
    DRIFTED = "drifted"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class LaneRuling:
    """What a finding means in a sentence, and what it does to the verdict on each lane."""

    meaning: str
    quantum: Verdict
    simulator: Verdict
    classical: Verdict

    def of(self, lane: Lane) -> Verdict:
        return {"quantum": self.quantum, "simulator": self.simulator, "classical": self.classical}.get(lane, "rejected")


RULINGS: dict[MeasuredCode, LaneRuling] = {
    MeasuredCode.TEST_FAILED: LaneRuling(
        "The answer is further from the exact result than chance explains.",
        quantum="needs_review",
        simulator="rejected",
        classical="rejected",
    ),
    MeasuredCode.NOT_RECOMPUTED: LaneRuling(
        "The problem is too large for the exact reference, so that only the form of the answer was checked.",
        quantum="needs_review",
        simulator="accepted",
        classical="needs_review",
    ),
    MeasuredCode.CONVERSION_UNCHECKED: LaneRuling(
        "There is no evidence that the circuits that ran are those that were asked for.",
        quantum="accepted",
        simulator="needs_review",
        classical="accepted",
    ),
    MeasuredCode.NOISE: LaneRuling(
        "The machine is simulated with its noise, which takes the answer away from the exact result:",
        quantum="needs_review",
        simulator="accepted",
        classical="rejected",
    ),
    MeasuredCode.DRIFTED: LaneRuling(
        "The same circuits on the same backend gave another distribution before.",
        quantum="needs_review",
        simulator="needs_review",
        classical="needs_review",
    ),
}
"""A device has noise: an answer of one that fails a test is no fraud but needs a look, and other lanes stand behind it.
The second and third rows are about answers that were not recomputed; one that was recomputed speaks for itself."""


@dataclass(slots=True)
class _Seen:
    """What was found so far: the lines for people, and the verdict that each finding asks for."""

    findings: list[tuple[str, Verdict]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    examination: Examination | None = None
    evidence: Evidence = NOTHING

    def add(self, code: Code, detail: str = "") -> None:
        self.note(Finding(code, detail))

    def note(self, finding: Finding) -> None:
        self.findings.append((finding.code.value, finding.verdict))
        self.reasons.append(finding.reason)

    def rule(self, code: MeasuredCode, lane: Lane, detail: str = "") -> None:
        self.findings.append((code.value, RULINGS[code].of(lane)))
        self.reasons.append(f"{code}: {RULINGS[code].meaning} {detail}".rstrip())

    @property
    def verdict(self) -> Verdict:
        verdicts = [verdict for _, verdict in self.findings]
        return "rejected" if "rejected" in verdicts else "needs_review" if "needs_review" in verdicts else "accepted"


def is_measurement(execution: ExecutionSucceeded) -> bool:
    """Whether the answer was measured, and so belongs here and off the event loop."""
    if execution.problem is None:
        return False
    try:
        return isinstance(kind_of(execution.problem.kind, execution.problem.version), Measurement)
    except ProblemError:
        return False


def validate_measurement(
    execution: ExecutionSucceeded, now: datetime, track: Track = NO_TRACK, drift: Drift | None = None
) -> ResultValidated | ResultRejected:
    """The verdict. Never raises: where the check itself fails, the answer is not proved, and that is the verdict.

    `track`: how earlier answers from the same backend fared. `drift`: how far the answer is from an earlier one to the same
    circuits from the same backend.
    """
    seen = _Seen()
    try:
        _examine(execution, now, seen)
        if drift is not None and seen.verdict != "rejected":
            _drift(execution, drift, seen)
    except Exception as error:
        seen.add(Code.VALIDATOR_ERROR, f"({type(error).__name__})")
    return _told(execution, seen, track)


class Asked(NamedTuple):
    """An answer to check, and what is known of the backend; see `validate_measurement`."""

    execution: ExecutionSucceeded
    track: Track
    drift: Drift | None


def validate_measurements(
    asked: Sequence[Asked], now: datetime, clock_s: Callable[[], float]
) -> list[ResultValidated | ResultRejected]:
    """The verdicts on the first of them, one at least: no other is begun after TOGETHER_S by this clock."""
    end_s = clock_s() + TOGETHER_S
    found: list[ResultValidated | ResultRejected] = []
    for each in asked:
        found.append(validate_measurement(each.execution, now, each.track, each.drift))
        if clock_s() >= end_s:
            break
    return found


def _examine(execution: ExecutionSucceeded, now: datetime, seen: _Seen) -> None:
    if execution.problem is None:
        return seen.add(Code.PROBLEM_MISSING)
    claims = (execution.objective, execution.bound)
    if not (finite(list(claims)) and finite(execution.answer) and finite(execution.evidence)):
        return seen.add(Code.NOT_A_NUMBER)
    try:
        kind, statement = parse_problem(execution.problem)
    except ProblemError as error:
        return seen.add(Code.PROBLEM_INVALID, error.detail)
    assert isinstance(kind, Measurement)
    for wrong in kind.answer_errors(statement, execution.answer)[:REASONS_MAX]:
        seen.add(Code.ANSWER_MALFORMED, str(wrong))
    if seen.findings:
        return None
    seen.examination = found = kind.examine(statement, execution.answer)
    if not _plausible(found):
        return seen.add(Code.NOT_A_NUMBER, "The recomputed numbers.")
    for assumption in kind.assumptions(statement):
        seen.add(Code.ASSUMED, assumption)
    _tests(execution, found, seen)
    _claims(execution, found, kind, seen)
    seen.evidence, absurd = read_evidence(execution.evidence, execution.usage.shots, now)
    for finding in absurd:
        seen.note(finding)
    if seen.evidence.calibration_age_s is not None and seen.evidence.calibration_age_s > STALE_S:
        seen.add(Code.STALE_CALIBRATION, f"{seen.evidence.calibration_age_s / 86_400:.1f} days ago")
    return None


def _plausible(found: Examination) -> bool:
    numbers = [found.objective, found.bound]
    return finite(numbers) and all(not math.isnan(test.statistic) for test in found.tests)


def _tests(execution: ExecutionSucceeded, found: Examination, seen: _Seen) -> None:
    """Each test is a reason, passed or not. What the noise that was simulated explains is told, not held against an answer."""
    allowed = noise_allowed(execution, found)
    for test in found.tests:
        share = "" if allowed is None else f"; noise explains a distance of {explained(allowed, test, found):.3g}"
        if test.passed:
            seen.reasons.append(f"{told(test)}{share if test.name == VALUE else ''}: passed.")
        elif allowed is not None:
            seen.rule(MeasuredCode.NOISE, execution.lane, f"{told(test)}{share}.")
        else:
            seen.rule(MeasuredCode.TEST_FAILED, execution.lane, f"{told(test)}.")
    if allowed is not None and not _converted(execution.evidence.get("equivalence")):
        seen.rule(MeasuredCode.CONVERSION_UNCHECKED, execution.lane)
    if found.exact:
        return
    seen.rule(MeasuredCode.NOT_RECOMPUTED, execution.lane)
    if not _converted(execution.evidence.get("equivalence")):
        seen.rule(MeasuredCode.CONVERSION_UNCHECKED, execution.lane)


def _converted(evidence: Any) -> bool:
    """Whether the worker says that it compared the circuits that ran with those that were asked for, and found them equal."""
    if not isinstance(evidence, dict):
        return False
    fidelity, inputs = evidence.get("fidelity"), evidence.get("inputs")
    if isinstance(fidelity, bool) or not isinstance(fidelity, int | float) or type(inputs) is not int:
        return False
    return fidelity >= FIDELITY_MIN and inputs > 0


def _claims(execution: ExecutionSucceeded, found: Examination, kind: Measurement[Any], seen: _Seen) -> None:
    """What is claimed beside the answer, against what was recomputed. What nothing confirms is dropped, not believed."""
    claimed, objective = execution.objective, found.objective
    if objective is not None and (claimed is None or not close(claimed, objective)):
        seen.add(Code.OBJECTIVE_MISMATCH, f"claimed {claimed}, recomputed {objective}")
    if objective is None and claimed is not None and kind.sense is None:
        seen.add(Code.OBJECTIVE_MISMATCH, f"claimed {claimed}, but answers of this kind have no objective")
    if execution.proven_optimal and not found.proved:
        seen.add(Code.PROOF_NOT_HONOURED)


def _drift(execution: ExecutionSucceeded, drift: Drift, seen: _Seen) -> None:
    line = (
        f"total variation between two runs {drift.distance:.4g} (95 % interval {drift.low:.4g} to {drift.high:.4g}), "
        f"limit {drift.limit:.4g}"
    )
    if drift.beyond:
        seen.rule(MeasuredCode.DRIFTED, execution.lane, f"{line}.")
    else:
        seen.reasons.append(f"{line}: no drift.")


def _told(execution: ExecutionSucceeded, seen: _Seen, track: Track) -> ResultValidated | ResultRejected:
    verdict, found = seen.verdict, seen.examination
    reasons = tuple(seen.reasons[:REASONS_MAX])
    prints = {"problem_fingerprint": _print(execution.problem), "answer_fingerprint": _print(execution.answer)}
    if verdict == "rejected" or found is None:
        code = next(code for code, asked in seen.findings if asked == "rejected")
        return ResultRejected(attempt_id=execution.attempt_id, leg=execution.leg, code=code, reasons=reasons, **prints)
    gap = None if found.objective is None or found.bound is None else gap_of(found.objective, found.bound)
    return ResultValidated(
        attempt_id=execution.attempt_id,
        leg=execution.leg,
        verdict=verdict,
        objective=found.objective,
        bound=found.bound,
        gap=gap,
        proven_optimal=found.proved,
        confidence=confidence_of(found, gap, seen.evidence, track),
        reasons=reasons,
        **prints,
    )


def _print(value: Any) -> str:
    """The fingerprint, or "" for what has none (nothing, or a number beyond 64 bits)."""
    if value is None:
        return ""
    try:
        return fingerprint(value)
    except TypeError:
        return ""
