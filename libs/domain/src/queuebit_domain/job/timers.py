"""When somebody must look at a job again: the durable timer is one moment on the job's head, derived from its state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, assert_never

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Leg
from queuebit_domain.job.cached import competes
from queuebit_domain.job.limits import Limits, seconds
from queuebit_domain.job.plans import counts, starts_on
from queuebit_domain.job.state import (
    Answered,
    EndedJob,
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
    if isinstance(job, EndedJob) and job.later is not None:
        return _next_after_the_end(job.later)
    if not isinstance(job, OpenJob):
        return None
    if job.denied is not None:
        return job.submitted_at
    if job.awaited is not None:
        return min(job.awaited.expires_at or job.deadline, job.deadline)
    moments = [job.deadline]
    stages: list[datetime] = []
    hurry_would_help = kept = False
    pending = not job.legs
    for leg in job.legs:
        match leg.status:
            case Working():
                pending = True
                moments.append(_lost_at(job, leg, leg.status))
                if leg.spec.patience is not None and _is_hurried(leg) and (stage := stage_end(leg)) is not None:
                    stages.append(stage.at)
            case Resting(until=until):
                pending = True
                moments.append(until)
            case Idle():
                if not leg.spec.starts:
                    moments.append(job.submitted_at)
                hurry_would_help = hurry_would_help or starts_on(leg.spec, "latency_budget")
            case Held(until=until):
                pending = True
                if until is not None:
                    moments.append(until)
            case Answered() if leg.spec.cached is not None and competes(leg.spec):
                kept = kept or accepted(leg)
            case Answered():
                hurry_would_help = hurry_would_help or (accepted(leg) and counts(leg.spec))
            case Spent():
                pass
            case _:
                assert_never(leg.status)
    if not pending:
        moments.append(job.submitted_at)
    hurry_would_help = hurry_would_help and not job.hurried
    if hurry_would_help or kept:
        moments.append(job.latency_due_at)
    if hurry_would_help and stages and not any(accepted(leg) and not competes(leg.spec) for leg in job.counted):
        moments += stages
    return min(moments)


def _is_hurried(leg: LegState) -> bool:
    """Whether another leg goes on where its attempt takes too long: not for one that is only measured, or an earlier answer."""
    return counts(leg.spec) and not competes(leg.spec)


def _next_after_the_end(later: OpenJob) -> datetime | None:
    """Of the legs that go on; None where none is at work any more. What an operator holds back then goes on no further, nor
    what is to be tried again behind the deadline.
    """
    moments: list[datetime] = []
    for leg in later.legs:
        match leg.status:
            case Working(execution=None):
                moments.append(min(_lost_at(later, leg, leg.status), later.deadline))
            case Working():
                moments.append(_lost_at(later, leg, leg.status))
            case Resting(until=until) if until < later.deadline:
                moments.append(until)
            case _:
                pass
    return min(moments, default=None)


class StageEnd(NamedTuple):
    """When the stage that an attempt is in has taken as long as its plan grants it; `doing`: what it does, for people."""

    at: datetime
    doing: str
    budget_s: float


def stage_end(leg: LegState) -> StageEnd | None:
    """That of the attempt of a leg; None where it is not out, or its stage may take as long as it wants."""
    patience, status = leg.spec.patience, leg.status
    if patience is None or not isinstance(status, Working):
        return None
    if status.execution is not None:
        since, doing, budget_s = status.moved_at, "waited for its verdict", patience.check_s
    elif status.started:
        since, doing, budget_s = status.began_at or status.moved_at, "ran", patience.run_s
    else:
        since, doing, budget_s = status.queued_at, "waited in its queue", patience.queue_s
    return None if budget_s is None else StageEnd(since + seconds(budget_s), doing, budget_s)


def lost_attempts(job: OpenJob, now: datetime) -> Iterator[tuple[str, Working, FailureCode]]:
    """Attempts that gave no sign of life for too long, and what is missing: the worker's answer or the verdict."""
    for leg in job.legs:
        if isinstance(leg.status, Working) and _lost_at(job, leg, leg.status) <= now:
            missing = FailureCode.WORKER_LOST if leg.status.execution is None else FailureCode.VALIDATION_LOST
            yield leg.spec.leg, leg.status, missing


def _lost_at(job: OpenJob, leg: LegState, working: Working) -> datetime:
    if working.execution is not None:
        return working.moved_at + seconds(job.limits.verdict_after_s)
    quiet_s = max(leg.spec.budget_s, working.next_within_s)
    return working.moved_at + seconds(quiet_s + job.limits.lost_after_s)


def lost_after(moved_at: datetime, leg: Leg, limits: Limits) -> datetime:
    """When an attempt of a leg counts as lost whose last sign of life was at `moved_at`."""
    return moved_at + seconds(leg.budget_s + limits.lost_after_s)
