"""What lists and timers keep of a job beside its events: one derivation for whoever stores it, checks it or rebuilds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from queuebit_contracts.jobs import JobState
from queuebit_domain.job.label import label
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake

ATTRIBUTES: Final = ("kind", "tier", "lane", "fingerprint")
"""What jobs are listed by beside their state."""


class Summary(NamedTuple):
    """A job without its story. `wake_at`: when somebody must look at it again, or None. `attributes`: one of each name."""

    state: JobState
    wake_at: datetime | None
    attributes: Mapping[str, str]


def summary_of(job: Job) -> Summary:
    """The summary of a job. Raises AssertionError for NoJob, of which there is nothing to keep."""
    match job:
        case OpenJob():
            request = job.request
            about = {"kind": request.problem.kind, "tier": request.tier, "lane": request.lane}
            about["fingerprint"] = job.fingerprint
            return Summary(label(job), next_wake(job), about)
        case EndedJob():
            about = {"kind": job.kind, "tier": job.tier, "lane": job.lane, "fingerprint": job.fingerprint}
            return Summary(label(job), None if job.later is None else next_wake(job), about)
        case NoJob():
            raise AssertionError("a job that never began has no summary")
