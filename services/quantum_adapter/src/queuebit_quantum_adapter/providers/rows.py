"""What an error of a provider is in our words, and what it asks for: the rows of the tables that each provider has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from queuebit_contracts.failures import FAILURES, FailureAction, FailureCode
from queuebit_quantum_adapter.errors import (
    AdapterError,
    NotAuthorised,
    NotSent,
    RateLimited,
    RequestTooLarge,
    SubmitRefused,
)


@dataclass(frozen=True, slots=True)
class Row:
    """What an error is, what the plan is to do, and what a person can do."""

    code: FailureCode
    action: FailureAction
    remedy: str = ""

    @property
    def advice(self) -> str:
        return self.remedy or FAILURES[self.code].remedy

    def refusal(self, words: str, *, reason: str | None = None, retry_after_s: float | None = None) -> AdapterError:
        """What says that a submission was not taken, for that reason."""
        kind = _REFUSALS[self.code]
        return kind(words, remedy=self.advice, retry_after_s=retry_after_s, action=self.action, reason=reason)


_REFUSALS: Mapping[FailureCode, type[AdapterError]] = {
    FailureCode.PROBLEM_UNSUPPORTED: SubmitRefused,
    FailureCode.PROBLEM_TOO_LARGE: RequestTooLarge,
    FailureCode.NO_BACKEND: NotAuthorised,
    FailureCode.BACKEND_OVERLOADED: RateLimited,
    FailureCode.BACKEND_UNAVAILABLE: NotSent,
}

UNFIT = Row(
    FailureCode.PROBLEM_UNSUPPORTED, "fail_fast", "Use another lane; the words of the provider say what it refuses."
)
TOO_LARGE = Row(FailureCode.PROBLEM_TOO_LARGE, "degrade", "State fewer circuits, layers or shots.")
RAN_TOO_LONG = Row(FailureCode.BUDGET_EXHAUSTED, "degrade", "State fewer circuits, layers or shots: it ran too long.")
LIMITED = Row(FailureCode.BACKEND_OVERLOADED, "retry", "Wait: the provider takes so many requests in a while.")
ELSEWHERE = Row(FailureCode.BACKEND_UNAVAILABLE, "reroute", "Wait, or allow another backend or lane.")
AGAIN = Row(FailureCode.BACKEND_UNAVAILABLE, "retry", "It is tried again.")
OURS = Row(FailureCode.INTERNAL, "fail_fast", "Report it with the job id.")
FAILED = Row(FailureCode.INTERNAL, "fail_fast", "Report it with the job id and the words of the provider.")
"""What nothing more is known of."""
