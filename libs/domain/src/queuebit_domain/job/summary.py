"""What lists and timers keep of a job beside its events: one derivation for whoever stores it, checks it or rebuilds it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from queuebit_contracts.jobs import JobState
from queuebit_domain.job.label import label
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake


class Summary(NamedTuple):
    """A job without its story. `wake_at`: when somebody must look at it again, or None."""

    state: JobState
    kind: str
    tier: str
    lane: str
    fingerprint: str
    wake_at: datetime | None


def summary_of(job: Job) -> Summary:
    """The summary of a job. Raises AssertionError for NoJob, of which there is nothing to keep."""
    match job:
        case OpenJob():
            request = job.request
            kind = request.problem.kind
            return Summary(label(job), kind, request.tier, request.lane, job.fingerprint, next_wake(job))
        case EndedJob():
            return Summary(label(job), job.kind, job.tier, job.lane, job.fingerprint, None)
        case NoJob():
            raise AssertionError("a job that never began has no summary")
