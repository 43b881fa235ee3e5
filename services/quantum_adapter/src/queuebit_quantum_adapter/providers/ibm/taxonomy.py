"""What IBM's errors ask for, as data: the status of a refused submission, and the reason code of a job that failed.

A row says what it is in our words, what the plan is to do, and what a person can do. Sources: IBM's registry of error codes
and what the client was seen to make of each status. A status of 5xx, or none at all, stands in no row: nobody knows what became
of the submission, so that it is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from queuebit_contracts.failures import FAILURES, FailureAction, FailureCode


@dataclass(frozen=True, slots=True)
class Row:
    """What an error is, and what it asks for."""

    code: FailureCode
    action: FailureAction
    remedy: str = ""

    @property
    def advice(self) -> str:
        return self.remedy or FAILURES[self.code].remedy


_UNFIT = Row(
    FailureCode.PROBLEM_UNSUPPORTED, "fail_fast", "Use another lane; the words of the provider say what it refuses."
)
_UNKNOWN_TO_THEM = Row(FailureCode.NO_BACKEND, "fail_fast", "Check QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE.")
_TOO_LARGE = Row(FailureCode.PROBLEM_TOO_LARGE, "degrade", "State fewer circuits, layers or shots.")
_LIMITED = Row(FailureCode.BACKEND_OVERLOADED, "retry", "Wait: the provider takes so many requests in a while.")
_USED_UP = Row(
    FailureCode.BACKEND_OVERLOADED, "reroute", "Raise the limit of the instance, or wait for its next period."
)
_ELSEWHERE = Row(FailureCode.BACKEND_UNAVAILABLE, "reroute", "Wait, or allow another backend or lane.")
_AGAIN = Row(FailureCode.BACKEND_UNAVAILABLE, "retry", "It is tried again.")
_OURS = Row(FailureCode.INTERNAL, "fail_fast", "Report it with the job id.")

BY_STATUS: Mapping[int, Row] = {
    400: _UNFIT,
    401: _UNKNOWN_TO_THEM,
    403: _UNKNOWN_TO_THEM,
    404: _ELSEWHERE,
    409: _USED_UP,
    413: _TOO_LARGE,
    422: _UNFIT,
    429: _LIMITED,
}
REFUSED = _UNFIT
"""Any other 4xx but 408, after which nobody knows whether it was taken."""

BY_REASON: Mapping[int, Row] = {
    1000: _OURS,
    1001: _OURS,
    1002: _UNFIT,
    1003: _UNFIT,
    1004: _ELSEWHERE,
    1005: _ELSEWHERE,
    1006: _AGAIN,
    1007: _ELSEWHERE,
    1008: _AGAIN,
    1009: _ELSEWHERE,
    1010: _AGAIN,
    1011: _AGAIN,
    1200: _UNKNOWN_TO_THEM,
    1201: _UNKNOWN_TO_THEM,
    1202: _LIMITED,
    1204: _OURS,
    1205: _OURS,
    1305: Row(FailureCode.BUDGET_EXHAUSTED, "degrade", "State fewer circuits, layers or shots: it ran too long."),
}
FAILED = Row(FailureCode.INTERNAL, "fail_fast", "Report it with the job id and the words of the provider.")
"""Any other code of a job that failed, and none."""
