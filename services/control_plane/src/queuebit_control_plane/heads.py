"""What the store keeps of a job beside its events."""

from __future__ import annotations

from queuebit_domain.job.state import Job
from queuebit_domain.job.summary import summary_of
from queuebit_store.ports import Head


def head_of(job: Job) -> Head:
    """The head that goes with the job. Raises AssertionError for NoJob, which has no stream."""
    return Head(*summary_of(job))
