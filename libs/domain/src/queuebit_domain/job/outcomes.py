"""What acting on an answer brought: it is booked on the job that gave it, once, and changes nothing of it."""

from __future__ import annotations

from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import Outcome
from queuebit_domain.job.state import EndedJob


def told_outcome(draft: Draft, message: Outcome) -> None:
    """Book what was reported of a completed job, unless that was done before, or another tenant says it."""
    job, event = draft.job, message.event
    if not isinstance(job, EndedJob) or job.state != "completed" or job.tenant != message.tenant:
        return
    assert event.report_id is not None, "whoever hears of it gives it one"
    if event.report_id not in job.booked:
        draft.add(event)
