"""What Braket's errors ask for, as data: the name of the error of a refused submission, and the words of a task that failed.

Braket gives a task that failed no code, only words; what each row looks for in them is the least that tells it apart. An error
of the server, a conflict, or none at all, stands in no row: nobody knows what became of the submission, so that it is sent
again under its token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.providers.rows import (
    AGAIN,
    ELSEWHERE,
    FAILED,
    LIMITED,
    RAN_TOO_LONG,
    TOO_LARGE,
    UNFIT,
    Row,
)

REMEDY = "Check AWS_REGION and the AWS credentials of this service, and what they may do at Braket and in the bucket."
NOT_LET_IN = Row(FailureCode.NO_BACKEND, "fail_fast", REMEDY)
USED_UP = Row(
    FailureCode.BACKEND_OVERLOADED,
    "reroute",
    "Raise the quota or the spending limit of the account, or wait for it.",
)
RETIRED = Row(FailureCode.BACKEND_UNAVAILABLE, "reroute", "Name another device in QUEUEBIT_BRAKET_DEVICES.")

BY_ERROR: Mapping[str, Row] = {
    "ValidationException": UNFIT,
    "AccessDeniedException": NOT_LET_IN,
    "UnrecognizedClientException": NOT_LET_IN,
    "ExpiredTokenException": NOT_LET_IN,
    "ServiceQuotaExceededException": USED_UP,
    "ResourceNotFoundException": RETIRED,
    "DeviceRetiredException": RETIRED,
    "DeviceOfflineException": ELSEWHERE,
    "ThrottlingException": LIMITED,
}
BY_STATUS: Mapping[int, Row] = {
    400: UNFIT,
    401: NOT_LET_IN,
    402: USED_UP,
    403: NOT_LET_IN,
    404: RETIRED,
    410: RETIRED,
    413: TOO_LARGE,
    424: ELSEWHERE,
    429: LIMITED,
}
"""Of an error whose name is not known."""

BY_WORDS: tuple[tuple[str, Row], ...] = (
    (r"offline|retired|not available|unavailable|maintenance|execution window", ELSEWHERE),
    (r"quota|spending limit|limit exceeded", USED_UP),
    (r"access denied|not authorized|permission|no such bucket", NOT_LET_IN),
    (r"timed? ?out|time limit|too long|maximum .*duration", RAN_TOO_LONG),
    (r"too large|too many|exceeds? the maximum|out of memory", TOO_LARGE),
    (r"validation|not supported|unsupported|invalid|cannot be compiled|not native", UNFIT),
    (r"internal|service error|try again|interrupted", AGAIN),
)
"""What is said of a task that failed: the first row that is found in it."""


def row_of_error(name: str, status: int | None) -> Row | None:
    """What a refused submission asks for; None where nobody knows whether it was refused."""
    return BY_ERROR.get(name) or (None if status is None else BY_STATUS.get(status))


def row_of_words(words: str) -> Row:
    """What a task that failed asks for."""
    return next((row for pattern, row in BY_WORDS if re.search(pattern, words, re.IGNORECASE)), FAILED)
