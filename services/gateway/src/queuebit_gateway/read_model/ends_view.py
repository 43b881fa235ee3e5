"""How jobs end without an answer, as it is shown."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts.model import Model


class FailureView(Model):
    """Why it failed, and what can be done."""

    code: str
    detail: str
    remedy: str


EXPIRED = FailureView(
    code="deadline_passed",
    detail="The deadline passed before an accepted answer.",
    remedy="Submit again with a later deadline, or a lane that answers sooner.",
)


class RejectionView(Model):
    """Why the question was not taken: `field` is a JSON pointer; `retry_after_s`: when it may be taken as it is."""

    code: str
    field: str
    detail: str
    remedy: str
    conflicting_job_id: UUID | None = None
    retry_after_s: float | None = None


class CancellationView(Model):
    """Who withdrew the job, and why."""

    actor: str
    reason: str
