"""What the events of a job say of what is out, and of how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_domain.job.state import Job, OpenJob
from queuebit_domain.release.shares import Queue, Shares, order_of


def heard(shares: Shares, job: Job, job_id: UUID, tenant: str, events: Sequence[JobEvent], now: datetime) -> None:
    """Take what was decided of a job, which stands so since. The same events once more change nothing. Of an attempt that is
    told to have begun and, next, to have succeeded, as all that are short are, only the end need be heard.
    """
    last = len(events) - 1
    for place, event in enumerate(events):
        kind = type(event)
        if kind is ev.JobQueued:
            assert isinstance(event, ev.JobQueued)
            size = event.size
            order = order_of(
                tenant,
                event.lane,
                event.tier,
                event.problem.kind,
                0 if size is None else size.variables,
                0 if size is None else size.terms,
                event.budget_s,
            )
            shares.let_out(event.attempt_id, job_id, order, now)
        elif kind is ev.JobStarted:
            assert isinstance(event, ev.JobStarted)
            after = None if place == last else events[place + 1]
            if type(after) is not ev.ExecutionSucceeded or after.attempt_id.int != event.attempt_id.int:
                shares.began(event.attempt_id)
        elif kind is ev.ExecutionSucceeded:
            assert isinstance(event, ev.ExecutionSucceeded)
            run_s = (event.finished_at - event.started_at).total_seconds()
            shares.ended(event.attempt_id, max(0.0, run_s), now)
        elif kind is ev.ExecutionFailed or kind is ev.AttemptAbandoned:
            assert isinstance(event, ev.ExecutionFailed | ev.AttemptAbandoned)
            shares.ended(event.attempt_id, None, now)
        elif kind is ev.JobHeld:
            assert isinstance(event, ev.JobHeld)
            if event.expected_s is not None and isinstance(job, OpenJob):
                shares.waits(Queue(event.lane, job.request.tier), tenant, now)
