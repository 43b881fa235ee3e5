"""Steps back: what a job named to be undone is asked for once, whatever happens to the job, and however often."""

from __future__ import annotations

from typing import Final

from queuebit_contracts import events as ev
from queuebit_domain.job.compensating import compensate
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import Supersede
from queuebit_domain.job.state import EndedJob, OpenJob

ACTOR: Final = "control-plane"


def invalidated(draft: Draft, event: ev.JobInvalidated) -> None:
    """The answer of the completed job is suspect."""
    draft.add(event)
    compensate(draft, "invalidated")


def superseded(draft: Draft, message: Supersede) -> None:
    """The answer of another job of the tenant takes the place of this one's: that is said once. A job that had not ended is
    withdrawn, for nobody waits for it any more.
    """
    job = draft.job
    if message.by == draft.job_id:
        return
    match job:
        case OpenJob() if job.request.tenant == message.tenant:
            draft.add(ev.JobSuperseded(by=message.by, origin=job.origin))
            draft.abandon_all("another job has the answer")
            reason = f"superseded by job {message.by}"
            draft.add(ev.JobCancelled(actor=ACTOR, reason=reason, cost=draft.open.cost, origin=job.origin))
            compensate(draft, "superseded", "cancelled")
        case EndedJob(state="completed", superseded=False) if job.tenant == message.tenant:
            draft.add(ev.JobSuperseded(by=message.by, origin=job.origin))
            compensate(draft, "superseded")
