"""What the validator may find, and what each finding means for the verdict: a table, not code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from queuebit_contracts.events import Verdict


class Code(StrEnum):
    """One thing that can be found. `RULINGS` says what follows from it."""

    PROBLEM_MISSING = "problem_missing"
    PROBLEM_INVALID = "problem_invalid"
    NOT_A_NUMBER = "not_a_number"
    ANSWER_MALFORMED = "answer_malformed"
    INFEASIBLE = "infeasible"
    OBJECTIVE_MISMATCH = "objective_mismatch"
    BOUND_IMPOSSIBLE = "bound_impossible"
    OPTIMALITY_FALSE = "optimality_false"
    VALIDATOR_ERROR = "validator_error"
    VALIDATOR_CONTRADICTION = "validator_contradiction"
    EVIDENCE_MALFORMED = "evidence_malformed"
    CHECK_INCOMPLETE = "check_incomplete"
    PROOF_NOT_HONOURED = "proof_not_honoured"
    FEW_FEASIBLE_SAMPLES = "few_feasible_samples"
    STALE_CALIBRATION = "stale_calibration"
    WORSE_THAN_BASELINE = "worse_than_baseline"
    BEHIND_BASELINE = "behind_baseline"
    POLISH_NOT_CIRCUIT = "polish_not_circuit"
    KNOWN_BEFORE_CIRCUIT = "known_before_circuit"
    ACCEPTANCE_DROPPED = "acceptance_dropped"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a finding does to the verdict, and what it means in a sentence."""

    verdict: Verdict
    meaning: str


RULINGS: dict[Code, Ruling] = {
    Code.PROBLEM_MISSING: Ruling("rejected", "The worker did not send the problem along, so nothing can be checked."),
    Code.PROBLEM_INVALID: Ruling("rejected", "The problem that the worker sent along cannot be read."),
    Code.NOT_A_NUMBER: Ruling("rejected", "There is a NaN or an infinity."),
    Code.ANSWER_MALFORMED: Ruling("rejected", "The answer does not have the shape that its kind documents."),
    Code.INFEASIBLE: Ruling("rejected", "The answer breaks a constraint."),
    Code.OBJECTIVE_MISMATCH: Ruling("rejected", "The claimed objective is not that of the answer."),
    Code.BOUND_IMPOSSIBLE: Ruling("rejected", "The claimed bound cannot be one: a feasible answer lies beyond it."),
    Code.OPTIMALITY_FALSE: Ruling("rejected", "The answer is claimed to be optimal, but a better one exists."),
    Code.VALIDATOR_ERROR: Ruling("rejected", "The check itself failed, so the answer is not proved right."),
    Code.VALIDATOR_CONTRADICTION: Ruling("needs_review", "The kind's own bound excludes this feasible answer."),
    Code.EVIDENCE_MALFORMED: Ruling("needs_review", "The worker's evidence cannot be what it says."),
    Code.CHECK_INCOMPLETE: Ruling("needs_review", "Objective and constraints hold, but a further check failed."),
    Code.PROOF_NOT_HONOURED: Ruling("accepted", "The claimed proof of optimality is not honoured."),
    Code.FEW_FEASIBLE_SAMPLES: Ruling("accepted", "Few of the samples were feasible."),
    Code.STALE_CALIBRATION: Ruling("accepted", "The backend was calibrated long ago."),
    Code.WORSE_THAN_BASELINE: Ruling("needs_review", "A quick classical baseline is better than what was sampled."),
    Code.BEHIND_BASELINE: Ruling("accepted", "A quick classical baseline is better."),
    Code.POLISH_NOT_CIRCUIT: Ruling(
        "accepted", "Random samples through the same polish did as well: the credit is the polish's, not the circuit's."
    ),
    Code.KNOWN_BEFORE_CIRCUIT: Ruling("accepted", "The answer was there before any circuit ran."),
    Code.ACCEPTANCE_DROPPED: Ruling("accepted", "Of late, fewer answers of this backend to this kind were accepted."),
    Code.ASSUMED: Ruling("accepted", "The question was read so:"),
}

_SEVERITY: dict[Verdict, int] = {"accepted": 0, "needs_review": 1, "rejected": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, with the numbers or the place that it is about."""

    code: Code
    detail: str = ""

    @property
    def verdict(self) -> Verdict:
        return RULINGS[self.code].verdict

    @property
    def reason(self) -> str:
        """The finding as a line for people."""
        meaning = RULINGS[self.code].meaning
        return f"{self.code}: {meaning} {self.detail}".rstrip()


def worst(findings: Sequence[Finding]) -> Verdict:
    """The verdict that follows: the most severe of the findings' own, accepted where there are none."""
    if not findings:
        return "accepted"
    return max((finding.verdict for finding in findings), key=_SEVERITY.__getitem__)


def gravest_first(findings: Sequence[Finding]) -> list[Finding]:
    """The findings in the order in which they matter to the verdict, else as they were made."""
    return sorted(findings, key=lambda finding: -_SEVERITY[finding.verdict])
