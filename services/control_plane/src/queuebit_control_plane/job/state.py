"""The job as a union of frozen states, and the fold over its events.

A leg is Idle until the plan releases it, Working on an attempt, Resting before a retry, Answered once a verdict let its answer
pass, or Spent. Both halves of an answer, execution and verdict, may arrive in either order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import JobEvent
from queuebit_contracts.failures import FAILURES
from queuebit_contracts.jobs import Cost, JobRequest, JobState, Leg, Usage
from queuebit_contracts.origin import NO_ORIGIN, Origin, whole_origin
from queuebit_control_plane.job.copying import changed
from queuebit_control_plane.job.limits import Limits, retry_delay_s
from queuebit_control_plane.job.money import NO_USAGE, add_cost, add_usage

NO_COST = Cost()


@dataclass(frozen=True, slots=True)
class Idle:
    """Not released: a fallback whose trigger has not held yet, or a leg that waits for its turn."""


IDLE = Idle()


@dataclass(frozen=True)
class Working:
    """An attempt is out. `execution` and `verdict` are filled as they arrive."""

    attempt_id: UUID
    number: int
    queued_at: datetime
    moved_at: datetime
    started: bool = False
    execution: ev.ExecutionSucceeded | None = None
    verdict: ev.ResultValidated | None = None


@dataclass(frozen=True, slots=True)
class Resting:
    """A transient failure: the next attempt is released at `until`."""

    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """The leg has a checked answer."""

    execution: ev.ExecutionSucceeded
    verdict: ev.ResultValidated


@dataclass(frozen=True, slots=True)
class Spent:
    """The leg gave no answer, and will give none."""

    reason: str
    failure: ev.ExecutionFailed | None = None


LegStatus = Idle | Working | Resting | Answered | Spent


@dataclass(frozen=True, slots=True)
class LegState:
    """A leg of the plan and where it stands."""

    spec: Leg
    status: LegStatus


@dataclass(frozen=True, slots=True)
class NoJob:
    """Nothing happened yet."""


@dataclass(frozen=True)
class OpenJob:
    """The job is on its way.

    `latency_due_at`: when the caller's patience ends and a fallback is taken beside whatever still runs. `hurried`: that has
    happened, so the first good answer ends the job. `origin` goes onto the event that ends it.
    """

    job_id: UUID
    request: JobRequest
    fingerprint: str
    problem_fingerprint: str
    submitted_at: datetime
    deadline: datetime
    latency_due_at: datetime
    limits: Limits
    plan: str = ""
    sense: Literal["min", "max"] | None = "min"
    legs: tuple[LegState, ...] = ()
    hurried: bool = False
    cost: Cost = NO_COST
    usage: Usage = NO_USAGE
    reasons: tuple[str, ...] = ()
    size: ev.ProblemSize | None = None
    origin: Origin = NO_ORIGIN


@dataclass(frozen=True, slots=True)
class EndedJob:
    """The job ended, exactly once, as `state`."""

    state: JobState
    fingerprint: str
    kind: str = ""
    tier: str = ""
    lane: str = ""


Job = NoJob | OpenJob | EndedJob


def evolve(job: Job, event: JobEvent, at: datetime, job_id: UUID) -> Job:
    """The job after an event that was recorded at `at`."""
    match job:
        case OpenJob():
            return _go_on(job, event, at)
        case NoJob():
            return _begin(event, at, job_id)
        case EndedJob():
            return job
        case _:
            assert_never(job)


def _begin(event: JobEvent, at: datetime, job_id: UUID) -> Job:
    match event:
        case ev.JobSubmitted():
            return open_job(event, at, job_id)
        case ev.JobRejected():
            return EndedJob("rejected", "")
        case _:
            raise CorruptStream(f"{type(event).__name__} stands first in the stream of job {job_id}")


def open_job(event: ev.JobSubmitted, at: datetime, job_id: UUID) -> OpenJob:
    """A job as it is submitted, with the limits of its tier."""
    request = event.request
    limits = Limits.of(request.tier)
    found = event.admission
    return OpenJob(
        job_id=job_id,
        request=request,
        fingerprint=event.fingerprint or fingerprint(request),
        problem_fingerprint=found.problem_fingerprint if found else fingerprint(request.problem),
        submitted_at=at,
        deadline=request.deadline or at + timedelta(seconds=limits.deadline_s),
        latency_due_at=at + timedelta(seconds=request.latency_budget_s or limits.latency_budget_s),
        limits=limits,
        size=found.size if found else None,
        origin=whole_origin(event.origin, event.idempotency_key, request),
    )


def _go_on(job: OpenJob, event: JobEvent, at: datetime) -> Job:
    # The events of every job come first, then what happens to few: each case costs those behind it an instance check.
    match event:
        case ev.JobPlanned():
            legs = tuple([LegState(leg, IDLE) for leg in event.legs])
            return changed(job, plan=event.plan, sense=event.sense, legs=legs, reasons=event.reasons)
        case ev.JobQueued():
            working = Working(event.attempt_id, event.number, queued_at=at, moved_at=at)
            return with_leg(job, event.leg, working)
        case ev.JobStarted():
            return _on_attempt(job, event.leg, event.attempt_id, started=True, moved_at=at)
        case ev.ExecutionSucceeded():
            return _on_attempt(_charged(job, event), event.leg, event.attempt_id, execution=event, moved_at=at)
        case ev.ResultValidated():
            return _on_attempt(job, event.leg, event.attempt_id, verdict=event, moved_at=at)
        case ev.JobCompleted():
            return _ended(job, "completed", event.ran.lane)
        case ev.ExecutionProgressed():
            return _on_attempt(job, event.leg, event.attempt_id, moved_at=at)
        case ev.ExecutionFailed():
            return _failed(job, event, at)
        case ev.ResultRejected():
            reason = f"{event.leg}: answer rejected, {'; '.join(event.reasons)}"
            return _spent(job, event.leg, reason)
        case ev.AttemptAbandoned():
            return _spent(job, event.leg, f"{event.leg}: {event.reason}")
        case ev.FallbackTaken():
            reasons = (*job.reasons, f"{event.from_leg} -> {event.to_leg}: {event.reason}")
            return changed(job, reasons=reasons, hurried=job.hurried or event.trigger == "latency_budget")
        case ev.JobFailed():
            return _ended(job, "failed")
        case ev.JobCancelled():
            return _ended(job, "cancelled")
        case ev.JobExpired():
            return _ended(job, "expired")
        case ev.ApprovalRequested() | ev.ApprovalGranted() | ev.ApprovalDenied() | ev.JobImproved():
            return job
        case ev.JobSubmitted() | ev.JobRejected():
            raise CorruptStream(f"{type(event).__name__} stands in the middle of the stream of job {job.job_id}")
        case _:
            assert_never(event)


def _ended(job: OpenJob, state: JobState, lane: str | None = None) -> EndedJob:
    request = job.request
    return EndedJob(state, job.fingerprint, request.problem.kind, request.tier, lane or request.lane)


def with_leg(job: OpenJob, leg: str, status: LegStatus) -> OpenJob:
    """The job with one leg moved to a status."""
    legs = [*job.legs]
    for place, each in enumerate(legs):
        if each.spec.leg == leg:
            legs[place] = LegState(each.spec, status)
            break
    return changed(job, legs=tuple(legs))


def _charged(job: OpenJob, event: ev.ExecutionSucceeded | ev.ExecutionFailed) -> OpenJob:
    """The job with what an attempt used and cost on its bill."""
    return changed(job, cost=add_cost(job.cost, event.cost), usage=add_usage(job.usage, event.usage))


def accepted(leg: LegState) -> bool:
    """Whether the leg has an answer that the validator accepts."""
    return isinstance(leg.status, Answered) and leg.status.verdict.verdict == "accepted"


def proved(leg: LegState) -> bool:
    """Whether the leg has an answer that is proved to be optimal."""
    return isinstance(leg.status, Answered) and leg.status.verdict.proven_optimal


def best_first(legs: Sequence[LegState], sense: Literal["min", "max"] | None) -> list[LegState]:
    """Answered legs, the best objective first; on a tie the proved one, then the one that the plan names first."""
    sign = -1 if sense == "max" else 1

    if len(legs) < 2:
        return [*legs]

    def rank(leg: LegState) -> tuple[object, bool]:
        assert isinstance(leg.status, Answered)
        verdict = leg.status.verdict
        return (0 if verdict.objective is None else sign * verdict.objective, not verdict.proven_optimal)

    return sorted(legs, key=rank)


def working_on(job: OpenJob, leg: str, attempt_id: UUID) -> tuple[LegState, Working] | None:
    """The leg and its attempt if that attempt is the one that is out; None for what is late or repeated."""
    for each in job.legs:
        if each.spec.leg == leg:
            status = each.status
            return (each, status) if isinstance(status, Working) and status.attempt_id == attempt_id else None
    return None


def _on_attempt(job: OpenJob, leg: str, attempt_id: UUID, **changes: object) -> OpenJob:
    current = working_on(job, leg, attempt_id)
    if current is None:
        return job
    status = changed(current[1], **changes)
    if status.execution is not None and status.verdict is not None:
        return with_leg(job, leg, Answered(status.execution, status.verdict))
    return with_leg(job, leg, status)


def _failed(job: OpenJob, event: ev.ExecutionFailed, at: datetime) -> OpenJob:
    charged = _charged(job, event)
    current = working_on(charged, event.leg, event.attempt_id)
    if current is None:
        return charged
    leg, status = current
    if FAILURES[event.code].transient and status.number < leg.spec.attempts_max:
        delay_s = retry_delay_s(status.attempt_id, status.number, event.retry_after_s)
        return with_leg(charged, event.leg, Resting(status.number, at + timedelta(seconds=delay_s)))
    return _spent(charged, event.leg, f"{event.leg}: {event.code.value}, {event.detail}", event)


def _spent(job: OpenJob, leg: str, reason: str, failure: ev.ExecutionFailed | None = None) -> OpenJob:
    return changed(with_leg(job, leg, Spent(reason, failure)), reasons=(*job.reasons, reason))


class CorruptStream(Exception):
    """The stored events of a job do not make a story. Nothing is decided for this job until a person has looked."""

    transient = False
