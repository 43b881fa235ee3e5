"""The verdict on one answer: pure. It trusts nobody: objective and constraints are recomputed from the problem itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.jobs import SHARES_PARAM, Number, Problem
from queuebit_contracts.large import read_problem
from queuebit_contracts.shares import Shares
from queuebit_problems.errors import ProblemError
from queuebit_problems.kind import gap_of, tighter
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from queuebit_problems.shares import shown
from queuebit_result_validation.compare import beyond, close, finite, same
from queuebit_result_validation.confidence import confidence_of
from queuebit_result_validation.evidence import NOTHING, Evidence, read_evidence
from queuebit_result_validation.findings import Code, Finding, gravest_first, worst
from queuebit_result_validation.history import NO_TRACK, Track
from queuebit_result_validation.rivals import (
    BEFORE_CIRCUIT,
    Baseline,
    baseline_of,
    contradictions,
    missed,
    placebo_matched,
    wants_time,
)

ENUMERATED_VARIABLES_MAX = 12
"""Up to here the validator finds the optimum itself."""

REASONS_MAX = 20
FEW_FEASIBLE = 0.1
STALE_S = 7 * 24 * 3600.0
UNCREDITED = {
    Code.POLISH_NOT_CIRCUIT: "random samples did as well",
    Code.KNOWN_BEFORE_CIRCUIT: "the answer was there before",
}


@dataclass(slots=True)
class _Seen:
    """What was recomputed so far."""

    findings: list[Finding] = field(default_factory=list)
    objective: Number | None = None
    bound: Number | None = None
    proved: bool = False
    prover: str = ""
    evidence: Evidence = NOTHING
    optimum: Number | None = None
    baseline: Baseline | None = None
    track: Track = NO_TRACK
    shares: Shares | None = None

    def add(self, code: Code, detail: str = "") -> None:
        self.findings.append(Finding(code, detail))

    @property
    def rejected(self) -> bool:
        return bool(self.findings) and worst(self.findings) == "rejected"


def validate(execution: ExecutionSucceeded, now: datetime, track: Track = NO_TRACK) -> ResultValidated | ResultRejected:
    """The verdict. Never raises: where the check itself fails, the answer is not proved, and that is the verdict.

    A failure before objective and constraints are recomputed rejects the answer; a later one leaves it to a person. `track`:
    how earlier answers from the same backend fared.
    """
    seen = _Seen(track=track)
    try:
        _examine(execution, now, seen)
    except Exception as error:
        code = Code.VALIDATOR_ERROR if seen.objective is None else Code.CHECK_INCOMPLETE
        seen.add(code, f"({type(error).__name__})")
    return _verdict(execution, seen)


def validate_in_process(
    argument: tuple[ExecutionSucceeded, datetime, Track], _progress: Callable[[Any], None]
) -> ResultValidated | ResultRejected:
    """The same, for a worker process."""
    return validate(*argument)


def _examine(execution: ExecutionSucceeded, now: datetime, seen: _Seen) -> None:
    """Look at one thing after the other, until one of them rejects the answer."""
    problem = execution.problem
    if problem is None:
        return seen.add(Code.PROBLEM_MISSING)
    if not _numbers_are_finite(execution):
        return seen.add(Code.NOT_A_NUMBER)
    try:
        kind, statement = parse_optimisation(problem)
    except ProblemError as error:
        return seen.add(Code.PROBLEM_INVALID, error.detail)
    problem = read_problem(problem)
    for wrong in kind.answer_errors(statement, execution.answer)[:REASONS_MAX]:
        seen.add(Code.ANSWER_MALFORMED, str(wrong))
    if seen.rejected:
        return None
    for violation in kind.violations(statement, execution.answer)[:REASONS_MAX]:
        seen.add(Code.INFEASIBLE, f"{violation.code}: {violation.detail}")
    if seen.rejected:
        return None
    objective = kind.objective(statement, execution.answer)
    if not math.isfinite(objective):
        return seen.add(Code.NOT_A_NUMBER, "The recomputed objective.")
    seen.objective = objective
    for assumption in kind.assumptions(statement):
        seen.add(Code.ASSUMED, assumption)
    if execution.objective is None or not same(objective, execution.objective, problem.statement):
        return seen.add(Code.OBJECTIVE_MISMATCH, f"claimed {execution.objective}, recomputed {objective}")
    _bound(execution, problem, kind, statement, objective, seen)
    if not seen.rejected:
        if SHARES_PARAM in execution.params:
            seen.shares = _shares(execution, kind, statement)
        _evidence(execution, now, seen)
        _rivals(execution, problem, kind, statement, objective, seen)
    return None


def _shares(execution: ExecutionSucceeded, kind: Optimisation[Any], statement: Any) -> Shares | None:
    """What the objective is made of, where the job asks for it."""
    shares = kind.shares(statement, execution.answer) if execution.params[SHARES_PARAM] is True else None
    return None if shares is None else shown(shares)


def _numbers_are_finite(execution: ExecutionSucceeded) -> bool:
    return (
        (execution.objective is None or math.isfinite(execution.objective))
        and (execution.bound is None or math.isfinite(execution.bound))
        and finite(execution.answer)
        and (not execution.evidence or finite(execution.evidence))
    )


def _bound(
    execution: ExecutionSucceeded,
    problem: Problem,
    kind: Optimisation[Any],
    statement: Any,
    objective: Number,
    seen: _Seen,
) -> None:
    """The best valid bound, and whether the answer is optimal: by our own enumeration where that is cheap."""
    claimed, sense, data = execution.bound, kind.sense, problem.statement
    if claimed is not None and beyond(objective, claimed, sense, data):
        return seen.add(Code.BOUND_IMPOSSIBLE, f"bound {claimed}, objective {objective}")
    known = kind.enumerated(statement) if kind.size(statement).variables <= ENUMERATED_VARIABLES_MAX else None
    if known is not None:
        return _against_optimum(execution, problem, kind, objective, known.objective, seen)
    bound = trivial = kind.trivial_bound(statement)
    if beyond(objective, bound, sense, data):
        seen.add(Code.VALIDATOR_CONTRADICTION, f"bound {bound}, objective {objective}")
        return None
    if claimed is not None:
        bound = tighter(bound, claimed, sense)
    seen.bound = bound
    seen.proved = objective == bound or (execution.proven_optimal and same(objective, bound, data))
    if objective != trivial:
        ran = execution.ran
        seen.prover = f"{ran.method} of {ran.backend} {ran.backend_version}".rstrip()
    if execution.proven_optimal and not seen.proved:
        seen.add(Code.PROOF_NOT_HONOURED, f"The best bound is {bound}, the objective {objective}.")
    return None


def _against_optimum(
    execution: ExecutionSucceeded,
    problem: Problem,
    kind: Optimisation[Any],
    objective: Number,
    optimum: Number,
    seen: _Seen,
) -> None:
    """The optimum is known: every claim about it can be checked."""
    data = problem.statement
    if beyond(objective, optimum, kind.sense, data):
        seen.add(Code.VALIDATOR_CONTRADICTION, f"enumerated optimum {optimum}, objective {objective}")
        return None
    if execution.bound is not None and beyond(optimum, execution.bound, kind.sense, data):
        return seen.add(Code.BOUND_IMPOSSIBLE, f"bound {execution.bound}, but {optimum} can be reached")
    seen.bound = seen.optimum = optimum
    seen.proved = same(objective, optimum, data)
    if execution.proven_optimal and not seen.proved:
        seen.add(Code.OPTIMALITY_FALSE, f"objective {objective}, but {optimum} can be reached")
    return None


def _evidence(execution: ExecutionSucceeded, now: datetime, seen: _Seen) -> None:
    evidence, absurd = read_evidence(execution.evidence, execution.usage.shots, now)
    seen.evidence = evidence
    seen.findings.extend(absurd)
    if evidence.feasible_fraction is not None and evidence.feasible_fraction < FEW_FEASIBLE:
        seen.add(Code.FEW_FEASIBLE_SAMPLES, f"{evidence.feasible_fraction:.4g} of them")
    if evidence.calibration_age_s is not None and evidence.calibration_age_s > STALE_S:
        seen.add(Code.STALE_CALIBRATION, f"{evidence.calibration_age_s / 86_400:.1f} days ago")


def _rivals(
    execution: ExecutionSucceeded,
    problem: Problem,
    kind: Optimisation[Any],
    statement: Any,
    objective: Number,
    seen: _Seen,
) -> None:
    """Against the placebo, the record of the backend, and, where nothing is proved, our own quick answer."""
    evidence = seen.evidence
    if evidence is not NOTHING:
        seen.findings.extend(contradictions(evidence, kind, objective, seen.bound, problem))
        if evidence.source in BEFORE_CIRCUIT:
            seen.add(Code.KNOWN_BEFORE_CIRCUIT, f"Its source: {evidence.source}.")
        elif placebo_matched(evidence, kind, objective):
            seen.add(Code.POLISH_NOT_CIRCUIT, f"objective {objective}, placebo {evidence.placebo_best}")
    if seen.track.dropped:
        seen.add(
            Code.ACCEPTANCE_DROPPED,
            f"{seen.track.recent_accepted} of the last {seen.track.recent_count}, {seen.track.accepted} of {seen.track.count}",
        )
    if seen.proved or not wants_time(execution):
        return
    seen.baseline = baseline_of(kind, statement, problem, objective, seen.optimum)
    behind = None if seen.baseline is None else missed(seen.baseline, objective, execution.lane)
    if behind is not None:
        seen.findings.append(behind)


def _verdict(execution: ExecutionSucceeded, seen: _Seen) -> ResultValidated | ResultRejected:
    verdict = worst(seen.findings)
    reasons = tuple(finding.reason for finding in gravest_first(seen.findings)[:REASONS_MAX])
    problem_print = _fingerprint(execution.problem)
    answer_print = _fingerprint(execution.answer)
    if verdict == "rejected" or seen.objective is None:
        rejecting = next(finding for finding in seen.findings if finding.verdict == "rejected")
        return ResultRejected(
            attempt_id=execution.attempt_id,
            leg=execution.leg,
            code=rejecting.code.value,
            reasons=reasons,
            problem_fingerprint=problem_print,
            answer_fingerprint=answer_print,
        )
    gap = _gap(seen.objective, seen.bound, proved=seen.proved)
    return ResultValidated(
        attempt_id=execution.attempt_id,
        leg=execution.leg,
        verdict=verdict,
        objective=seen.objective,
        bound=seen.bound,
        gap=gap,
        proven_optimal=seen.proved,
        confidence=confidence_of(
            gap,
            proved=seen.proved,
            evidence=seen.evidence,
            baseline=seen.baseline,
            track=seen.track,
            uncredited=_uncredited(seen),
            prover=seen.prover,
        ),
        reasons=reasons,
        problem_fingerprint=problem_print,
        answer_fingerprint=answer_print,
        shares=seen.shares,
    )


def _uncredited(seen: _Seen) -> str:
    """Why the circuit gets no credit for the answer; "" where it may."""
    return next((UNCREDITED[finding.code] for finding in seen.findings if finding.code in UNCREDITED), "")


def _gap(objective: Number, bound: Number | None, *, proved: bool) -> float | None:
    if bound is None:
        return None
    return 0.0 if proved and close(objective, bound) else gap_of(objective, bound)


def _fingerprint(value: Any) -> str:
    """The fingerprint, or "" for what has none (nothing, or a number beyond 64 bits)."""
    if value is None:
        return ""
    try:
        return fingerprint(value)
    except TypeError:
        return ""
