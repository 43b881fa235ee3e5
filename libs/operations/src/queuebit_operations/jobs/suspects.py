"""Finding the answer of a completed job suspect."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.messages import Invalidate, Message
from queuebit_domain.job.state import EndedJob, Job
from queuebit_operations.bulk.operation import Operation
from queuebit_operations.jobs.telling import Say, Skip
from queuebit_store.ports import StoredEvent

ANSWERS = frozenset({ev.JobCompleted.__name__, ev.JobImproved.__name__})
DONE = "invalidated"


def invalidating(operation: Operation, operation_id: UUID, replaced_by: dict[UUID, UUID]) -> Say:
    """What to say to each job. `replaced_by`: the jobs that ask the same again."""

    def say(job_id: UUID, job: Job, stored: Sequence[StoredEvent]) -> Message | Skip:
        if not isinstance(job, EndedJob) or job.state != "completed":
            return Skip("not completed")
        if job.suspect:
            return Skip("invalidated before")
        return Invalidate(
            suspect(
                stored,
                actor=operation.actor,
                reason=operation.reason,
                operation_id=operation_id,
                replaced_by=replaced_by.get(job_id),
            )
        )

    return say


def suspect(
    stored: Sequence[StoredEvent], *, actor: str, reason: str, operation_id: UUID | None, replaced_by: UUID | None
) -> ev.JobInvalidated:
    """The event about the answer that counts now, of a job that was completed."""
    last = next(each for each in reversed(stored) if each.type in ANSWERS)
    answer = read_event(last)
    assert isinstance(answer, ev.JobCompleted | ev.JobImproved)
    completed = answer
    if isinstance(completed, ev.JobImproved):
        completed = next(found for each in stored if isinstance(found := read_event(each), ev.JobCompleted))
    return ev.JobInvalidated(
        kind=completed.kind,
        leg=answer.leg,
        attempt_id=answer.attempt_id,
        ran=answer.ran,
        completed_at=last.time,
        actor=actor,
        reason=reason,
        operation=operation_id,
        replaced_by=replaced_by,
        origin=answer.origin,
    )
