"""The one word for where a job stands: whoever lists, shows or measures jobs takes it from here."""

from __future__ import annotations

from typing import assert_never

from queuebit_contracts.jobs import JobState
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob, Working


def label(job: Job) -> JobState:
    """The word for the job; `submitted` also for one whose first event is not there yet."""
    match job:
        case NoJob():
            return "submitted"
        case EndedJob():
            return job.state
        case OpenJob():
            return _open(job)
        case _:
            assert_never(job)


def _open(job: OpenJob) -> JobState:
    """As far as that leg at work that has come farthest: an answer before its verdict is farther than a run, a run farther than
    an order. A leg that is answered, spent or rests is not at work, and a shadow does not count. `planned` where none is.
    """
    word: JobState = "planned" if job.legs else "submitted"
    for leg in job.counted:
        if isinstance(leg.status, Working):
            if leg.status.execution is not None:
                return "validating"
            if leg.status.started:
                word = "running"
            elif word != "running":
                word = "queued"
    return word
