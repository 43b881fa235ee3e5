"""What the store keeps of a job beside its events."""

from __future__ import annotations

from queuebit_domain.job.label import label
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from queuebit_store.ports import Head


def head_of(job: Job) -> Head:
    """The head that goes with the job. Raises AssertionError for NoJob, which has no stream."""
    match job:
        case OpenJob():
            request = job.request
            return Head(label(job), request.problem.kind, request.tier, request.lane, job.fingerprint, next_wake(job))
        case EndedJob():
            return Head(label(job), job.kind, job.tier, job.lane, job.fingerprint, None)
        case NoJob():
            raise AssertionError("a job that never began has no head")
