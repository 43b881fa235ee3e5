"""A job as it begins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.origin import whole_origin
from queuebit_domain.job.beginning import not_before_of
from queuebit_domain.job.copying import made
from queuebit_domain.job.limits import Limits, seconds
from queuebit_domain.job.state import OpenJob


def open_job(event: ev.JobSubmitted, at: datetime, job_id: UUID) -> OpenJob:
    """A job as it is submitted, with the limits of its tier. They count from when it may begin."""
    request = event.request
    begins = max(at, not_before_of(request) or at)
    limits = Limits.of(request.tier)
    found = event.admission
    return made(
        OpenJob,
        job_id=job_id,
        request=request,
        fingerprint=event.fingerprint or fingerprint(request),
        problem_fingerprint=found.problem_fingerprint if found else fingerprint(request.problem),
        submitted_at=at,
        deadline=request.deadline or begins + seconds(limits.deadline_s),
        latency_due_at=begins + seconds(request.latency_budget_s or limits.latency_budget_s),
        limits=limits,
        size=found.size if found else None,
        origin=whole_origin(event.origin, event.idempotency_key, request),
        measures=found is not None and found.family == "measurement",
        requested_by=event.requested_by,
        quote=event.quote,
        compensations=event.compensations or (),
        supersedes=event.supersedes,
    )
