"""The rules of a job: state, message and now in, events out. No events answer what is late, repeated or not due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import JobEvent
from queuebit_contracts.failed_attempts import execution_failed
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.jobs import is_past
from queuebit_contracts.model import copy_with
from queuebit_contracts.origin import Origin, whole_origin
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.job import routing
from queuebit_domain.job.advance import advance, complete
from queuebit_domain.job.approving import ask_for_approval, decide_without_a_person, decided_by_a_person
from queuebit_domain.job.compensating import compensate
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import (
    Cancel,
    Deny,
    Grant,
    Invalidate,
    Message,
    Outcome,
    Recall,
    Refuse,
    Reprioritise,
    Reroute,
    Settle,
    Submit,
    Supersede,
    Wake,
)
from queuebit_domain.job.outcomes import told_outcome
from queuebit_domain.job.priority import reprioritise
from queuebit_domain.job.quarantine import distrust, recall
from queuebit_domain.job.rerouting import reroute
from queuebit_domain.job.sagas import invalidated, superseded
from queuebit_domain.job.settling import settle, settle_by, told_late
from queuebit_domain.job.spending import priced
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob, Working, working_on
from queuebit_domain.job.timers import lost_attempts
from queuebit_domain.money.purse import NO_PURSE, Purse
from queuebit_domain.release.shares import Shares


def decide(
    job: Job,
    message: Message,
    now: datetime,
    job_id: UUID,
    gate: Gate = OPEN,
    purse: Purse = NO_PURSE,
    shares: Shares | None = None,
) -> tuple[Sequence[JobEvent], Job]:
    """What happens now that `message` has arrived, and the job as it stands after that: the fold of what happened.

    `gate`: what operators hold back. `purse`: what may be spent. `shares`: how much of each lane tenants may have out.
    """
    if type(message) is Wake:
        draft = Draft(job, job_id, now, gate, purse, shares, eased=message.eased, turn=message.turn)
    else:
        draft = Draft(job, job_id, now, gate, purse, shares)
    at_work = job if type(job) is OpenJob else job.later if type(job) is EndedJob else None
    match message:
        case Submit():
            _submit(draft, message)
        case Refuse():
            if isinstance(job, NoJob):
                draft.add(message.event)
        case Invalidate():
            if isinstance(job, EndedJob) and job.state == "completed" and not job.suspect:
                invalidated(draft, message.event)
        case Supersede():
            superseded(draft, message)
        case ev.LateUsageReported():
            told_late(draft, message)
        case Settle():
            settle(draft, message)
        case Outcome():
            told_outcome(draft, message)
        case _ if at_work is None:
            if isinstance(job, EndedJob) and isinstance(message, ev.ExecutionSucceeded | ev.ExecutionFailed):
                told_late(draft, message)
        case ev.ExecutionSucceeded():
            _succeeded(draft, at_work, message)
        case ev.ResultValidated():
            _validated(draft, at_work, message)
        case Cancel():
            _cancel(draft, at_work, message)
        case Wake():
            _wake(draft, at_work)
        case Recall():
            recall(draft, begun=message.begun)
        case Reprioritise() | Reroute():
            _wait_otherwise(draft, message)
        case Grant() | Deny():
            decided_by_a_person(draft, message)
        case ev.JobStarted() | ev.ExecutionProgressed():
            _progress(draft, at_work, message)
        case ev.ExecutionFailed() | ev.ResultRejected():
            _gone_wrong(draft, at_work, message)
        case _:
            assert_never(message)
    return draft.events, draft.job


def refusal_of(job: Job, message: Submit, now: datetime) -> ev.JobRejected | None:
    """Why this submission cannot be taken: a deadline in the past, or a key that stands for other content; None where it can.

    A refusal is recorded in a stream of its own, so it neither touches the job that exists nor uses up the key.
    """
    if isinstance(job, NoJob):
        return _too_late(message) if is_past(message.event.request.deadline, now) else None
    if job.fingerprint == message.event.fingerprint:
        return None
    keyed = message.event.idempotency_key is not None
    what = "idempotency key" if keyed else "event (its source and id)"
    return ev.JobRejected(
        code="idempotency_key_reused",
        field="/idempotency_key" if keyed else "",
        detail=f"This {what} already stands for a job with other content.",
        remedy=f"Send the same content again, or use a new {'idempotency key' if keyed else 'id'}.",
        cause_id=message.job_id,
        conflicting_job_id=message.job_id,
        origin=_whole_origin(message),
    )


def _submit(draft: Draft, message: Submit) -> None:
    if isinstance(draft.job, NoJob):
        draft.add(message.event)
        planned = message.planned or routing.plan(message.inputs)
        draft.add(planned)
        if planned.approval is not None:
            ask_for_approval(draft, planned)
        advance(draft)


def _too_late(message: Submit) -> ev.JobRejected:
    return ev.JobRejected(
        code="deadline_in_the_past",
        field="/request/deadline",
        detail="The deadline had passed when the request arrived.",
        remedy="Submit again with a later deadline.",
        cause_id=message.job_id,
        origin=_whole_origin(message),
    )


def _whole_origin(message: Submit) -> Origin:
    event = message.event
    return whole_origin(event.origin, event.idempotency_key, event.request)


def _cancel(draft: Draft, job: OpenJob, message: Cancel) -> None:
    if message.tenant != job.request.tenant:
        return
    draft.abandon_all("the job was cancelled")
    if isinstance(draft.job, EndedJob):
        return
    draft.add(ev.JobCancelled(actor=message.actor, reason=message.reason, cost=draft.open.cost, origin=job.origin))
    compensate(draft, "cancelled")


def _wait_otherwise(draft: Draft, message: Reprioritise | Reroute) -> None:
    if isinstance(message, Reprioritise):
        reprioritise(draft, message)
    else:
        reroute(draft, message)


def _wake(draft: Draft, job: OpenJob) -> None:
    if job.awaited is not None and decide_without_a_person(draft, job.awaited):
        job = draft.open
    if draft.gate.closed:
        distrust(draft)
        job = draft.open
    ended = isinstance(draft.job, EndedJob)
    if ended or job.denied is not None or draft.now < job.deadline:
        for leg, working, code in lost_attempts(job, draft.now):
            draft.add(_lost(leg, working, code))
            draft.abandon_if_spent(leg, working)
        advance(draft)
        if ended and draft.now >= job.deadline:
            draft.abandon_all("the deadline passed")
    elif not complete(draft, at_deadline=True):
        draft.abandon_all("the deadline passed")
        draft.add(
            ev.JobExpired(deadline=job.deadline, reasons=draft.open.reasons, cost=draft.open.cost, origin=job.origin)
        )


def _lost(leg: str, working: Working, code: FailureCode) -> ev.ExecutionFailed:
    return execution_failed(working.attempt_id, leg, code, FAILURES[code].meaning)


def _progress(draft: Draft, job: OpenJob, message: ev.JobStarted | ev.ExecutionProgressed) -> None:
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].execution is not None:
        return
    if not (isinstance(message, ev.JobStarted) and current[1].started):
        draft.add(message)


def _succeeded(draft: Draft, job: OpenJob, message: ev.ExecutionSucceeded) -> None:
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].execution is not None:
        told_late(draft, message)
        return
    working = current[1]
    told = message
    if draft.purse.prices:
        told = copy_with(message, cost=priced(message.usage, message.cost, message.ran.backend, draft.purse))
    if not working.started:
        draft.add(
            ev.JobStarted.model_construct(
                attempt_id=message.attempt_id, leg=message.leg, worker=message.worker, started_at=message.started_at
            )
        )
    draft.add(copy_with(told, problem=None, params={}))
    if job.reserved:
        settle_by(draft, draft.open, message)
    if working.verdict is not None and working.verdict.answer_fingerprint != fingerprint(message.answer):
        draft.add(_mismatch(working.verdict, "the verdict is about another answer"))
    advance(draft)


def _validated(draft: Draft, job: OpenJob, message: ev.ResultValidated) -> None:
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].verdict is not None:
        return
    execution = current[1].execution
    if message.problem_fingerprint != job.problem_fingerprint:
        draft.add(_mismatch(message, "the worker answered another problem"))
    elif execution is not None and message.answer_fingerprint != fingerprint(execution.answer):
        draft.add(_mismatch(message, "the verdict is about another answer"))
    else:
        draft.add(message)
    advance(draft)


def _gone_wrong(draft: Draft, job: OpenJob, message: ev.ExecutionFailed | ev.ResultRejected) -> None:
    if working_on(job, message.leg, message.attempt_id) is not None:
        if isinstance(message, ev.ExecutionFailed) and job.reserved:
            settle_by(draft, job, message)
        draft.add(message)
        advance(draft)
    elif isinstance(message, ev.ExecutionFailed):
        told_late(draft, message)


def _mismatch(verdict: ev.ResultValidated, reason: str) -> ev.ResultRejected:
    return ev.ResultRejected(
        attempt_id=verdict.attempt_id,
        leg=verdict.leg,
        code="fingerprint_mismatch",
        reasons=(reason,),
        problem_fingerprint=verdict.problem_fingerprint,
        answer_fingerprint=verdict.answer_fingerprint,
    )
