"""What IBM's errors ask for, as data: the status of a refused submission, and the reason code of a job that failed.

A row says what it is in our words, what the plan is to do, and what a person can do. Sources: IBM's registry of error codes
and what the client was seen to make of each status. A status of 5xx, or none at all, stands in no row: nobody knows what became
of the submission, so that it is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.providers.rows import (
    AGAIN,
    ELSEWHERE,
    LIMITED,
    OURS,
    RAN_TOO_LONG,
    TOO_LARGE,
    UNFIT,
    Row,
)

_UNKNOWN_TO_THEM = Row(FailureCode.NO_BACKEND, "fail_fast", "Check QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE.")
_USED_UP = Row(
    FailureCode.BACKEND_OVERLOADED, "reroute", "Raise the limit of the instance, or wait for its next period."
)

BY_STATUS: Mapping[int, Row] = {
    400: UNFIT,
    401: _UNKNOWN_TO_THEM,
    403: _UNKNOWN_TO_THEM,
    404: ELSEWHERE,
    409: _USED_UP,
    413: TOO_LARGE,
    422: UNFIT,
    429: LIMITED,
}
REFUSED = UNFIT
"""Any other 4xx but 408, after which nobody knows whether it was taken."""

BY_REASON: Mapping[int, Row] = {
    1000: OURS,
    1001: OURS,
    1002: UNFIT,
    1003: UNFIT,
    1004: ELSEWHERE,
    1005: ELSEWHERE,
    1006: AGAIN,
    1007: ELSEWHERE,
    1008: AGAIN,
    1009: ELSEWHERE,
    1010: AGAIN,
    1011: AGAIN,
    1200: _UNKNOWN_TO_THEM,
    1201: _UNKNOWN_TO_THEM,
    1202: LIMITED,
    1204: OURS,
    1205: OURS,
    1305: RAN_TOO_LONG,
}
