"""How an attempt stands that is not let onto its lane, and whether it is given up while it waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_domain.job.state import Held, Idle, OpenJob, Spent


def held_by(job: OpenJob, event: ev.JobHeld, at: datetime) -> Held:
    """The attempt, as the event has it. One that waited for its turn and has another priority has waited since before."""
    since, reason = at, f"held by {event.actor}: {event.reason}"
    waited_since = None if event.priority is None else _waits_since(job, event.leg)
    if waited_since is not None:
        since, reason = waited_since, f"priority {event.priority} by {event.actor}: {event.reason}"
    return Held(event.number, event.hold, event.scope, f"{event.leg}: {reason}", since, event.expected_s, event.until)


def patience_ends(job: OpenJob, event: ev.JobHeld) -> datetime:
    """When the caller's patience does: who has stated none begins to wait when the job may begin, as long as nothing else of it
    has begun or is about to. One budget before the deadline it ends, so that what comes behind has time.
    """
    if event.until is None or job.request.latency_budget_s is not None:
        return job.latency_due_at
    last = job.deadline
    for leg in job.counted:
        if leg.spec.leg == event.leg:
            last = job.deadline - timedelta(seconds=leg.spec.budget_s)
        match leg.status:
            case Idle() if leg.spec.starts or leg.spec.leg == event.leg:
                pass
            case Spent() | Held():
                pass
            case _:
                return job.latency_due_at
    return max(job.latency_due_at, min(last, event.until + timedelta(seconds=job.limits.latency_budget_s)))


def was_waiting(job: OpenJob, event: ev.AttemptAbandoned) -> bool:
    """Whether the attempt that is given up waits for its turn: it was never sent, and owes nothing."""
    for leg in job.legs:
        status = leg.status
        if leg.spec.leg == event.leg and isinstance(status, Held) and status.expected_s is not None:
            return attempt_id_of(job.job_id, event.leg, status.number) == event.attempt_id
    return False


def _waits_since(job: OpenJob, leg: str) -> datetime | None:
    """Since when the leg has waited for its turn; None where it does not."""
    status = next((each.status for each in job.legs if each.spec.leg == leg), None)
    return status.since if isinstance(status, Held) and status.expected_s is not None else None
