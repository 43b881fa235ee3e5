"""A batch taken apart: each job with its key as a body of its own, which is read like any other."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import orjson

from queuebit_contracts.errors import FieldError
from queuebit_gateway.http.parsing import parse_exact
from queuebit_gateway.http.requests import read_key
from queuebit_gateway.problem_details import Refusal

JOBS_MAX = 1000
KEY = "idempotency_key"
_LEVELS = 2
"""How much deeper a job lies in a batch than alone."""


class Line(NamedTuple):
    """One job of a batch: its idempotency key, and the body that POST /v1/jobs would take."""

    key: str
    body: bytes


def split(body: bytes) -> list[Line | Refusal]:
    """The jobs of a batch in order; a Refusal for one that has no usable key. Raises Refusal where the whole is no batch."""
    whole = parse_exact(body, deeper=_LEVELS)
    unknown = sorted(set(whole) - {"jobs"})
    jobs = whole.get("jobs")
    if unknown or not isinstance(jobs, list) or not 1 <= len(jobs) <= JOBS_MAX:
        wrong = (
            FieldError(f"/{unknown[0]}", "extra_forbidden", "is not known here")
            if unknown
            else FieldError("/jobs", "invalid", f"is no list of 1 to {JOBS_MAX} jobs")
        )
        raise Refusal("invalid_request", f"{wrong}.", errors=(wrong,))
    return [_line(each) for each in jobs]


def _line(job: Any) -> Line | Refusal:
    if not isinstance(job, dict):
        wrong = FieldError("", "invalid_type", "is not an object")
        return Refusal("invalid_request", f"{wrong}.", errors=(wrong,))
    offered = job.pop(KEY, None)
    try:
        key = read_key(offered if isinstance(offered, str) else None)
    except Refusal as refusal:
        missing = FieldError(f"/{KEY}", refusal.problem.code, "is needed: 1 to 255 visible ASCII characters")
        return Refusal(refusal.problem.code, errors=(missing,), remedy=f"Give each job of a batch its own `{KEY}`.")
    return Line(key, _written(job))


def _written(job: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(job)
    except TypeError:
        # Integers beyond 64 bits, which a statement may hold, and text that only the standard library writes.
        return json.dumps(job, separators=(",", ":")).encode()
