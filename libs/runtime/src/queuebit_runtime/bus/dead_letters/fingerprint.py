"""Which errors are the same: of one type, raised in one function of ours."""

from __future__ import annotations

from hashlib import sha256
from types import TracebackType
from typing import NamedTuple

OURS = "queuebit_"
ID_LENGTH = 12


class Fingerprint(NamedTuple):
    """A group of failures. `at`: the innermost function of ours that the error came through; no line, which each version has
    elsewhere.
    """

    error_type: str
    at: str

    @property
    def id(self) -> str:
        """Short, and the same wherever and whenever such an error is raised."""
        return sha256(f"{self.error_type}\n{self.at}".encode()).hexdigest()[:ID_LENGTH]


def fingerprint_of(error: BaseException) -> Fingerprint:
    """The group of an error that was raised."""
    kind = type(error)
    return Fingerprint(f"{kind.__module__}.{kind.__qualname__}", _frame_of_ours(error.__traceback__))


def _frame_of_ours(trace: TracebackType | None) -> str:
    found = "unknown"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(OURS):
            found = f"{module}.{trace.tb_frame.f_code.co_qualname}"
        trace = trace.tb_next
    return found
