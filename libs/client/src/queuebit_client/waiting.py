"""Why a job has not ended, and when it is expected to."""

from __future__ import annotations

from datetime import datetime

from queuebit_contracts.model import Model


class Waiting(Model):
    """Why a job has not ended."""

    code: str
    detail: str
    since: datetime | None = None


class ExpectedEnd(Model):
    """When a job is expected to end, in seconds from `as_of`: as likely as not, and nine times in ten; or why nobody knows."""

    as_of: datetime
    p50_s: float | None = None
    p90_s: float | None = None
    basis: str | None = None
    count: int = 0
    unknown: str | None = None
