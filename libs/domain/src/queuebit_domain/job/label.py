"""The one word for where a job stands: lists, views and measurements all take it from here."""

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
    """As far as the leg that has come farthest."""
    label: JobState = "planned" if job.legs else "submitted"
    for leg in job.legs:
        if isinstance(leg.status, Working):
            if leg.status.execution is not None:
                return "validating"
            if leg.status.started:
                label = "running"
            elif label != "running":
                label = "queued"
    return label
