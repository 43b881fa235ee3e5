"""The one word for where a job stands: whoever lists, shows or measures jobs takes it from here."""

from __future__ import annotations

from typing import assert_never

from queuebit_contracts.jobs import JobState
from queuebit_domain.job.state import EndedJob, Held, Job, NoJob, OpenJob, Working


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
    """`held` where an operator holds a leg back, whatever others do. Else as far as the leg at work that has come farthest: an
    answer before its verdict is farther than a run, a run farther than an order. A leg that is answered, spent or rests is
    not at work, and a shadow does not count. `planned` where none is.
    """
    word: JobState = "planned" if job.legs else "submitted"
    for leg in job.counted:
        if isinstance(leg.status, Working):
            if leg.status.execution is not None:
                word = "validating"
            elif leg.status.started:
                word = "running" if word != "validating" else word
            elif word not in ("running", "validating"):
                word = "queued"
        elif isinstance(leg.status, Held):
            return "held"
    return word
