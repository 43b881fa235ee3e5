"""When somebody must look at a job again: the durable timer is one moment on the job's head, derived from its state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import assert_never

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Leg
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.plans import counts, starts_on
from queuebit_domain.job.state import (
    Answered,
    Held,
    Idle,
    Job,
    LegState,
    OpenJob,
    Resting,
    Spent,
    Working,
    accepted,
)


def next_wake(job: Job) -> datetime | None:
    """The earliest moment at which time alone changes something; None for a job that ended.

    That is at once where a leg should have started, or none is at work: what an operator made of another job stands so.
    """
    if not isinstance(job, OpenJob):
        return None
    if job.denied is not None:
        return job.submitted_at
    moments = [job.deadline]
    hurry_would_help = False
    pending = not job.legs
    for leg in job.legs:
        match leg.status:
            case Working():
                pending = True
                moments.append(_lost_at(job, leg, leg.status))
            case Resting(until=until):
                pending = True
                moments.append(until)
            case Idle():
                if not leg.spec.starts:
                    moments.append(job.submitted_at)
                hurry_would_help = hurry_would_help or starts_on(leg.spec, "latency_budget")
            case Held():
                pending = True
            case Answered():
                hurry_would_help = hurry_would_help or (accepted(leg) and counts(leg.spec))
            case Spent():
                pass
            case _:
                assert_never(leg.status)
    if not pending:
        moments.append(job.submitted_at)
    if hurry_would_help and not job.hurried:
        moments.append(job.latency_due_at)
    return min(moments)


def lost_attempts(job: OpenJob, now: datetime) -> Iterator[tuple[str, Working, FailureCode]]:
    """Attempts that gave no sign of life for too long, and what is missing: the worker's answer or the verdict."""
    for leg in job.legs:
        if isinstance(leg.status, Working) and _lost_at(job, leg, leg.status) <= now:
            missing = FailureCode.WORKER_LOST if leg.status.execution is None else FailureCode.VALIDATION_LOST
            yield leg.spec.leg, leg.status, missing


def _lost_at(job: OpenJob, leg: LegState, working: Working) -> datetime:
    if working.execution is not None:
        return working.moved_at + timedelta(seconds=job.limits.verdict_after_s)
    quiet_s = max(leg.spec.budget_s, working.next_within_s)
    return working.moved_at + timedelta(seconds=quiet_s + job.limits.lost_after_s)


def lost_after(moved_at: datetime, leg: Leg, limits: Limits) -> datetime:
    """When an attempt of a leg counts as lost whose last sign of life was at `moved_at`."""
    return moved_at + timedelta(seconds=leg.budget_s + limits.lost_after_s)
