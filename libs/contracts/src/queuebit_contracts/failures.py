"""The closed list of reasons why an execution or a job fails, and what each one asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from queuebit_contracts.jobs import Lane

FailureAction = Literal["retry", "reroute", "degrade", "fail_fast"]
"""What a plan does about a failed attempt of a leg. retry: the same again, after a while. reroute: the same on another backend
of the lane. degrade: smaller, so that it fits. fail_fast: nothing more on this leg; the plan goes on with the next.
"""


class FailureCode(StrEnum):
    """Why it failed. The table `FAILURES` says what to do about each."""

    BACKEND_UNAVAILABLE = "backend_unavailable"
    BACKEND_OVERLOADED = "backend_overloaded"
    SUBMIT_UNKNOWN = "submit_unknown"
    NO_BACKEND = "no_backend"
    PROBLEM_TOO_LARGE = "problem_too_large"
    PROBLEM_UNSUPPORTED = "problem_unsupported"
    PROBLEM_INVALID = "problem_invalid"
    PROBLEM_INFEASIBLE = "problem_infeasible"
    NO_ANSWER_FOUND = "no_answer_found"
    BUDGET_EXHAUSTED = "budget_exhausted"
    WORKER_LOST = "worker_lost"
    MEMORY_EXHAUSTED = "memory_exhausted"
    CANCELLED = "cancelled"
    CONVERSION_FAILED = "conversion_failed"
    ANSWER_REJECTED = "answer_rejected"
    VALIDATION_LOST = "validation_lost"
    ALL_LEGS_FAILED = "all_legs_failed"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failure code means: what the plan does where the attempt says nothing better, and what the caller can do.

    `remedy_on_classical`: what can be done where the classical lane failed, if `remedy` advises it.
    """

    action: FailureAction
    meaning: str
    remedy: str
    remedy_on_classical: str = ""

    @property
    def transient(self) -> bool:
        return self.action == "retry"


FAILURES: dict[FailureCode, Failure] = {
    FailureCode.BACKEND_UNAVAILABLE: Failure("retry", "The backend does not answer.", "Wait, or allow another lane."),
    FailureCode.BACKEND_OVERLOADED: Failure("retry", "The backend refuses more work.", "Wait, or allow another lane."),
    FailureCode.SUBMIT_UNKNOWN: Failure(
        "retry",
        "It is not known whether the backend took the submission.",
        "It is looked up before it is sent again.",
    ),
    FailureCode.NO_BACKEND: Failure(
        "fail_fast", "No backend is configured for this lane.", "Configure one, or use another lane."
    ),
    FailureCode.PROBLEM_TOO_LARGE: Failure(
        "fail_fast",
        "The problem is larger than this lane can hold.",
        "Use the classical lane, or state a smaller problem.",
        "Use the simulator lane, or state a smaller problem.",
    ),
    FailureCode.PROBLEM_UNSUPPORTED: Failure(
        "fail_fast",
        "This lane has no way to answer this kind of problem.",
        "Use the classical lane.",
        "State the problem as another kind, or install the package of this one where the workers run.",
    ),
    FailureCode.PROBLEM_INVALID: Failure(
        "fail_fast", "The problem statement is not valid.", "Correct the named field."
    ),
    FailureCode.PROBLEM_INFEASIBLE: Failure(
        "fail_fast", "It is proved that no answer satisfies the constraints.", "Relax the constraints."
    ),
    FailureCode.NO_ANSWER_FOUND: Failure("fail_fast", "No feasible answer was found in the budget.", "Raise budget_s."),
    FailureCode.BUDGET_EXHAUSTED: Failure("fail_fast", "The attempt used up its budget.", "Raise budget_s."),
    FailureCode.WORKER_LOST: Failure("retry", "The worker stopped before it answered.", "It is tried again."),
    FailureCode.MEMORY_EXHAUSTED: Failure(
        "fail_fast", "The attempt needed more memory than it may have.", "State a smaller problem."
    ),
    FailureCode.CANCELLED: Failure(
        "fail_fast", "The attempt was stopped on request.", "Submit again if you still want it."
    ),
    FailureCode.CONVERSION_FAILED: Failure(
        "fail_fast",
        "The circuit as made for the backend is not the one that was asked for; it was not run.",
        "Another leg is taken; report it with the job id.",
    ),
    FailureCode.ANSWER_REJECTED: Failure(
        "fail_fast", "The validator proved the answer wrong.", "Another leg is taken."
    ),
    FailureCode.VALIDATION_LOST: Failure("retry", "No verdict arrived in time.", "The attempt is tried again."),
    FailureCode.ALL_LEGS_FAILED: Failure(
        "fail_fast", "No leg of the plan gave an accepted answer.", "See the reasons."
    ),
    FailureCode.INTERNAL: Failure(
        "fail_fast", "The worker failed in a way it does not know.", "Report it with the job id."
    ),
}


def remedy_on(code: FailureCode, lane: Lane) -> str:
    """What the caller can do about a failure on a lane; it is never to use that lane."""
    failure = FAILURES[code]
    return failure.remedy_on_classical or failure.remedy if lane == "classical" else failure.remedy
