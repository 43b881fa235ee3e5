"""What acting on an answer brought: it is booked on the job that gave it, once, and changes nothing of it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import Outcome
from queuebit_domain.job.set_aside import booking_of
from queuebit_domain.job.state import EndedJob, Job

REPORTS_MAX: Final = 1_000
"""So much is booked on a job that ended: more of it would make each further word about the job dearer."""


def told_outcome(draft: Draft, message: Outcome) -> None:
    """Book what was reported of a completed job, unless that was done before, another tenant says it, or too much was."""
    job, event = draft.job, message.event
    if not isinstance(job, EndedJob) or job.state != "completed" or job.tenant != message.tenant:
        return
    assert event.report_id is not None, "whoever hears of it gives it one"
    if booking_of(event.report_id) not in job.booked and not has_no_room(job, event.report_id):
        draft.add(event)


def has_no_room(job: Job, report_id: UUID) -> bool:
    """Whether this report cannot be booked, as the job holds so many already, and not this one."""
    return isinstance(job, EndedJob) and len(job.booked) >= REPORTS_MAX and booking_of(report_id) not in job.booked
