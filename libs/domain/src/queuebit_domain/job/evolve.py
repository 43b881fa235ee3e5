"""The fold: the job after one more event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.failures import FAILURES
from queuebit_contracts.jobs import JobState, Number
from queuebit_contracts.money import ENVIRONMENT_LABEL, PROJECT_LABEL
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.copying import copy_with
from queuebit_domain.job.held import held_by, patience_ends, was_waiting
from queuebit_domain.job.limits import DEGRADED_MAX, QUIET_S_MAX, REROUTES_MAX, retry_delay_s
from queuebit_domain.job.money import NO_USAGE, add_cost, add_usage
from queuebit_domain.job.opening import open_job as open_job
from queuebit_domain.job.plans import counts, legs_of
from queuebit_domain.job.set_aside import booked, booking_of, paid_late, settled
from queuebit_domain.job.state import (
    IDLE,
    Answered,
    Awaited,
    EndedJob,
    Job,
    LegState,
    LegStatus,
    NoJob,
    OpenJob,
    Resting,
    Spent,
    Working,
    working_on,
)
from queuebit_domain.job.unpaid import unpaid

NOTHING: Mapping[str, Any] = {}
_WITHOUT_ANSWER: Mapping[type[JobEvent], JobState] = {
    ev.JobFailed: "failed",
    ev.JobCancelled: "cancelled",
    ev.JobExpired: "expired",
}


def evolve(job: Job, event: JobEvent, at: datetime, job_id: UUID) -> Job:
    """The job after an event that was recorded at `at`."""
    match job:
        case OpenJob():
            return _go_on(job, event, at)
        case NoJob():
            return _begin(event, at, job_id)
        case EndedJob():
            return _after_the_end(job, event, at)
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


def _go_on(job: OpenJob, event: JobEvent, at: datetime) -> Job:
    # The events of every job come first, then what happens to few: each case costs those behind it an instance check.
    match event:
        case ev.JobPlanned():
            return _planned(job, event)
        case ev.JobQueued():
            working = Working(event.attempt_id, event.number, queued_at=at, moved_at=at)
            return with_leg(job, event.leg, working)
        case ev.JobStarted():
            return _on_attempt(job, event.leg, event.attempt_id, started=True, moved_at=at, began_at=at)
        case ev.ExecutionSucceeded():
            bill = _bill(job, event)
            return _on_attempt(job, event.leg, event.attempt_id, bill, execution=event, moved_at=at)
        case ev.ResultValidated():
            return _on_attempt(job, event.leg, event.attempt_id, verdict=event, moved_at=at)
        case ev.JobCompleted():
            return ended(job, "completed", event.ran.lane, event.objective)
        case ev.ExecutionProgressed():
            return _on_attempt(
                job,
                event.leg,
                event.attempt_id,
                moved_at=at,
                next_within_s=min(event.next_within_s or 0.0, QUIET_S_MAX),
            )
        case ev.ExecutionFailed():
            return _failed(job, event, at)
        case ev.ResultRejected():
            reason = f"{event.leg}: answer rejected, {'; '.join(event.reasons)}"
            return _spent(job, event.leg, reason)
        case ev.AttemptAbandoned():
            return _abandoned(job, event)
        case ev.FallbackTaken():
            reasons = (*job.reasons, f"{event.from_leg} -> {event.to_leg}: {event.reason}")
            return copy_with(job, reasons=reasons, hurried=job.hurried or event.trigger == "latency_budget")
        case ev.JobHeld():
            return _held(job, event, at)
        case ev.JobFailed() | ev.JobCancelled() | ev.JobExpired():
            return ended(job, _WITHOUT_ANSWER[type(event)])
        case ev.LateUsageReported():
            return paid_late(booked(_charged(job, event), event), event)
        case ev.ApprovalDenied():
            return copy_with(job, denied=event)
        case ev.BudgetReserved():
            return copy_with(job, reserved=(*job.reserved, event))
        case ev.BudgetSettled():
            return settled(job, event)
        case ev.BudgetExhausted():
            return _spent(job, event.leg, f"{event.leg}: {event.detail}", unpaid(job.job_id, event))
        case ev.ApprovalRequested() | ev.ApprovalGranted():
            return _approved(job, event)
        case ev.JobImproved() | ev.JobInvalidated() | ev.OutcomeReported():
            return job
        case ev.JobSuperseded() | ev.SupersessionRequested() | ev.CompensationRequested():
            return job
        case ev.JobSubmitted() | ev.JobRejected():
            raise CorruptStream(f"{type(event).__name__} stands in the middle of the stream of job {job.job_id}")
        case _:
            assert_never(event)


def _planned(job: OpenJob, event: ev.JobPlanned) -> OpenJob:
    legs = tuple([LegState(leg, IDLE) for leg in legs_of(event)])
    return copy_with(
        job,
        plan=event.plan,
        sense=event.sense,
        legs=legs,
        reasons=event.reasons,
        thresholds=event.thresholds,
        awaited=None if event.approval is None else Awaited(event),
    )


def _approved(job: OpenJob, event: ev.ApprovalRequested | ev.ApprovalGranted) -> OpenJob:
    """The job with its request, or with one more grant of it: with enough of them it waits no longer."""
    awaited = job.awaited
    if awaited is None or awaited.planned.approval is None:
        return job
    if isinstance(event, ev.ApprovalRequested):
        return copy_with(job, awaited=replace(awaited, digest=event.digest, expires_at=event.expires_at))
    if event.digest != awaited.digest:
        return job
    granted = tuple(dict.fromkeys((*awaited.granted_by, event.actor)))
    enough = len(granted) >= awaited.planned.approval.quorum
    return copy_with(job, awaited=None if enough else replace(awaited, granted_by=granted))


def ended(job: OpenJob, state: JobState, lane: str | None = None, objective: Number | None = None) -> EndedJob:
    """The job once it has ended. `lane`: which one answered, with which objective."""
    request, labels = job.request, job.request.labels
    found = EndedJob(
        state,
        job.fingerprint,
        request.problem.kind,
        request.tier,
        lane or request.lane,
        owed=job.owed,
        booked=job.booked,
        reserved=job.reserved,
        tenant=request.tenant,
        paid_late=job.paid_late,
        project=labels.get(PROJECT_LABEL, "") if labels else "",
        environment=labels.get(ENVIRONMENT_LABEL, "") if labels else "",
        compensations=job.compensations,
        origin=job.origin if job.compensations else None,
        begins_at=job.begins_at,
    )
    going_on: list[LegState] = []
    for leg in job.legs:
        if leg.spec.after_end is not None and isinstance(leg.status, Working | Resting):
            going_on.append(leg)
    if state != "completed" or not going_on:
        return found
    return replace(found, later=copy_with(job, legs=tuple(going_on)), objective=objective)


def _after_the_end(job: EndedJob, event: JobEvent, at: datetime) -> EndedJob:
    """What an operator says of the answer, and what legs bring that go on."""
    match event:
        case ev.JobInvalidated():
            return replace(job, suspect=True)
        case ev.JobSuperseded():
            return replace(job, superseded=True)
        case ev.CompensationRequested():
            return replace(job, compensations=tuple(each for each in job.compensations if each.name != event.name))
        case ev.OutcomeReported():
            return job if event.report_id is None else replace(job, booked=(*job.booked, booking_of(event.report_id)))
        case ev.JobImproved() if job.later is not None:
            return replace(job, lane=event.ran.lane, objective=event.objective)
        case ev.LateUsageReported():
            later = None if job.later is None else paid_late(booked(job.later, event), event)
            return paid_late(replace(booked(job, event), later=later), event)
        case ev.JobSubmitted() | ev.JobRejected() | ev.JobPlanned() | ev.JobCompleted():
            return job
        case ev.BudgetReserved():
            job = replace(job, reserved=(*job.reserved, event))
        case ev.BudgetSettled():
            job = settled(job, event)
    gone_on = _go_on(job.later, event, at) if job.later is not None else None
    if not isinstance(gone_on, OpenJob):
        return job
    return replace(job, later=gone_on, owed=tuple(dict.fromkeys((*job.owed, *gone_on.owed))))


def with_leg(job: OpenJob, leg: str, status: LegStatus, **changes: object) -> OpenJob:
    """The job with one leg moved to a status, and what else changes with it."""
    legs = [*job.legs]
    for place, each in enumerate(legs):
        if each.spec.leg == leg:
            legs[place] = LegState(each.spec, status, each.not_on, each.degraded)
            break
    return copy_with(job, legs=tuple(legs), **changes)


def _owing(job: OpenJob, attempt_id: UUID) -> OpenJob:
    return job if attempt_id in job.owed else copy_with(job, owed=(*job.owed, attempt_id))


def _charged(job: OpenJob, event: ev.ExecutionSucceeded | ev.ExecutionFailed | ev.LateUsageReported) -> OpenJob:
    """The job with what an attempt used and cost on its bill."""
    return copy_with(job, **_bill(job, event))


def _bill(job: OpenJob, event: ev.ExecutionSucceeded | ev.ExecutionFailed | ev.LateUsageReported) -> Mapping[str, Any]:
    return {"cost": add_cost(job.cost, event.cost), "usage": add_usage(job.usage, event.usage)}


def _on_attempt(
    job: OpenJob, leg: str, attempt_id: UUID, more: Mapping[str, Any] = NOTHING, **changes: object
) -> OpenJob:
    """The job with its attempt changed, if that one is out; with `more` of it in any case."""
    current = working_on(job, leg, attempt_id)
    if current is None:
        return copy_with(job, **more) if more else job
    status = copy_with(current[1], **changes)
    if status.execution is not None and status.verdict is not None:
        return with_leg(job, leg, Answered(status.execution, status.verdict), **more)
    return with_leg(job, leg, status, **more)


def _failed(job: OpenJob, event: ev.ExecutionFailed, at: datetime) -> OpenJob:
    charged = _charged(job, event)
    current = working_on(charged, event.leg, event.attempt_id)
    if current is None:
        return charged
    leg, status = current
    if status.execution is None and event.usage == NO_USAGE:
        # Nobody has said what it used: it was taken for lost.
        charged = _owing(charged, event.attempt_id)
    tries = status.number - len(leg.not_on) - leg.degraded
    match event.action or FAILURES[event.code].action:
        case "retry" if tries < leg.spec.attempts_max:
            delay_s = retry_delay_s(status.attempt_id, tries, event.retry_after_s)
            return with_leg(charged, event.leg, Resting(status.number, at + timedelta(seconds=delay_s)))
        case "reroute" if event.backend is not None and len(leg.not_on) < REROUTES_MAX:
            rerouted = leg._replace(status=Resting(status.number, at), not_on=(*leg.not_on, event.backend))
            return _put(charged, rerouted)
        case "degrade" if leg.degraded < DEGRADED_MAX:
            return _put(charged, leg._replace(status=Resting(status.number, at), degraded=leg.degraded + 1))
        case "retry" | "reroute" | "degrade" | "fail_fast":
            return _spent(charged, event.leg, f"{event.leg}: {event.code.value}, {event.detail}", event)


def _abandoned(job: OpenJob, event: ev.AttemptAbandoned) -> OpenJob:
    if working_on(job, event.leg, event.attempt_id) is None:
        gone = was_waiting(job, event)
        return _spent(job, event.leg, f"{event.leg}: {event.reason}") if gone else job
    return _spent(_owing(job, event.attempt_id), event.leg, f"{event.leg}: {event.reason}")


def _put(job: OpenJob, leg: LegState) -> OpenJob:
    return copy_with(job, legs=tuple([leg if each.spec.leg == leg.spec.leg else each for each in job.legs]))


def _held(job: OpenJob, event: ev.JobHeld, at: datetime) -> OpenJob:
    status = held_by(job, event, at)
    reasons = tuple(dict.fromkeys((*job.reasons, status.reason)))
    priority = job.priority if event.priority is None else event.priority
    due = patience_ends(job, event)
    held = with_leg(job, event.leg, status)
    begins_at = event.until or job.begins_at
    return copy_with(held, reasons=reasons, priority=priority, latency_due_at=due, begins_at=begins_at)


def _spent(job: OpenJob, leg: str, reason: str, failure: ev.ExecutionFailed | None = None) -> OpenJob:
    hidden = any(each.spec.leg == leg and not counts(each.spec) for each in job.legs)
    reasons = job.reasons if hidden else (*job.reasons, reason)
    return copy_with(with_leg(job, leg, Spent(reason, failure)), reasons=reasons)
