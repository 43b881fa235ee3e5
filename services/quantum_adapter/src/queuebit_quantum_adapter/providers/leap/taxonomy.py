"""What Leap's errors ask for, as data: the status of a refused submission, and the words of a problem that failed.

Leap gives a problem that failed no code, only messages; what each row looks for in them is the least that tells it apart. A
status of 5xx, of 408, or none at all, stands in no row: nobody knows what became of the submission, so that it is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_quantum_adapter.errors import (
    AdapterError,
    LimitUsedUp,
    NotAuthorised,
    NotSent,
    RateLimited,
    RequestTooLarge,
    SubmitRefused,
)
from queuebit_quantum_adapter.providers.rows import AGAIN, ELSEWHERE, RAN_TOO_LONG, TOO_LARGE, UNFIT, Row

REMEDY = "Check DWAVE_API_TOKEN and DWAVE_API_ENDPOINT."
BY_STATUS: Mapping[int, tuple[type[AdapterError], FailureAction]] = {
    401: (NotAuthorised, "fail_fast"),
    402: (LimitUsedUp, "reroute"),
    403: (NotAuthorised, "fail_fast"),
    404: (NotSent, "reroute"),
    409: (LimitUsedUp, "reroute"),
    413: (RequestTooLarge, "degrade"),
    429: (RateLimited, "retry"),
}
REFUSED: tuple[type[AdapterError], FailureAction] = (SubmitRefused, "fail_fast")
"""Any other 4xx says that it is refused for good."""

_USED_UP = Row(
    FailureCode.BACKEND_OVERLOADED,
    "reroute",
    "Raise the access time of the project at Leap, or wait for its next period.",
)
_NOT_LET_IN = Row(FailureCode.NO_BACKEND, "fail_fast", REMEDY)
BY_WORDS: tuple[tuple[str, Row], ...] = (
    (r"access time|quota|remaining time|spending limit", _USED_UP),
    (r"offline|maintenance|not available|unavailable|retired|solver capacity", ELSEWHERE),
    (r"run duration|time limit|timed? ?out|too long", RAN_TOO_LONG),
    (r"too large|too many|exceeds? the maximum|out of memory", TOO_LARGE),
    (r"not authori[sz]ed|does not have access|access denied|permission", _NOT_LET_IN),
    (r"invalid|not supported|unsupported|out of range|not active|no coupler|ValueError", UNFIT),
    (r"internal|try again|interrupted|temporar", AGAIN),
)
"""What is said of a problem that failed: the first row that is found in it. Where none is, the annealer is at fault."""


def row_of_words(words: str) -> Row:
    """What a problem that failed asks for."""
    return next((row for pattern, row in BY_WORDS if re.search(pattern, words, re.IGNORECASE)), ELSEWHERE)
