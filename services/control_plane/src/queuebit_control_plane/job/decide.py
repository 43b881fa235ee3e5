"""The rules of a job: state, message and now in, events out. `[]` is the answer to what is late, repeated or not due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import JobEvent
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.jobs import is_past
from queuebit_control_plane.job import routing
from queuebit_control_plane.job.draft import Draft
from queuebit_control_plane.job.messages import Cancel, Message, Refuse, Submit, Wake
from queuebit_control_plane.job.settle import complete, settle
from queuebit_control_plane.job.state import EndedJob, Job, NoJob, OpenJob, Working, working_on
from queuebit_control_plane.job.wake import lost_attempts


def decide(job: Job, message: Message, now: datetime) -> Sequence[JobEvent]:
    """What happens now that `message` has arrived."""
    match message:
        case Submit():
            return _submit(job, message, now)
        case Refuse():
            return [message.event] if isinstance(job, NoJob) else []
        case Cancel():
            return _cancel(job, message, now)
        case Wake():
            return _wake(job, now)
        case ev.JobStarted():
            return _progress(job, message)
        case ev.ExecutionProgressed():
            return _progress(job, message)
        case ev.ExecutionSucceeded():
            return _succeeded(job, message, now)
        case ev.ExecutionFailed():
            return _failed(job, message, now)
        case ev.ResultValidated():
            return _validated(job, message, now)
        case ev.ResultRejected():
            return _rejected(job, message, now)
        case _:
            assert_never(message)


def refusal_of(job: Job, message: Submit, now: datetime) -> ev.JobRejected | None:
    """Why this submission cannot be taken: a deadline in the past, or a key that stands for other content; None where it can.

    A refusal is recorded in a stream of its own, so it neither touches the job that exists nor uses up the key.
    """
    if isinstance(job, NoJob):
        return _too_late(message) if is_past(message.event.request.deadline, now) else None
    if job.fingerprint == message.event.fingerprint:
        return None
    return ev.JobRejected(
        code="idempotency_key_reused",
        field="/idempotency_key",
        detail="This idempotency key already stands for a job with other content.",
        remedy="Send the same content again, or use a new idempotency key.",
        cause_id=message.job_id,
        conflicting_job_id=message.job_id,
    )


def _submit(job: Job, message: Submit, now: datetime) -> Sequence[JobEvent]:
    match job:
        case NoJob():
            draft = Draft(job, message.job_id, now)
            draft.add(message.event)
            draft.add(routing.plan(message.inputs))
            settle(draft)
            return draft.events
        case OpenJob() | EndedJob():
            return []
        case _:
            assert_never(job)


def _too_late(message: Submit) -> ev.JobRejected:
    return ev.JobRejected(
        code="deadline_in_the_past",
        field="/request/deadline",
        detail="The deadline had passed when the request arrived.",
        remedy="Submit again with a later deadline.",
        cause_id=message.job_id,
    )


def _cancel(job: Job, message: Cancel, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob) or (message.tenant is not None and message.tenant != job.request.tenant):
        return []
    draft = Draft(job, job.job_id, now)
    draft.abandon_all("the job was cancelled")
    draft.add(ev.JobCancelled(actor=message.actor, reason=message.reason, cost=draft.open.cost))
    return draft.events


def _wake(job: Job, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob):
        return []
    draft = Draft(job, job.job_id, now)
    if now >= job.deadline:
        if not complete(draft):
            draft.abandon_all("the deadline passed")
            cost = draft.open.cost
            draft.add(ev.JobExpired(deadline=job.deadline, reasons=draft.open.reasons, cost=cost))
        return draft.events
    for leg, working, code in lost_attempts(job, now):
        draft.add(_lost(leg, working, code))
    settle(draft)
    return draft.events


def _lost(leg: str, working: Working, code: FailureCode) -> ev.ExecutionFailed:
    failure = FAILURES[code]
    return ev.ExecutionFailed(
        attempt_id=working.attempt_id, leg=leg, code=code, detail=failure.meaning, remedy=failure.remedy
    )


def _progress(job: Job, message: ev.JobStarted | ev.ExecutionProgressed) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob):
        return []
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].execution is not None:
        return []
    if isinstance(message, ev.JobStarted) and current[1].started:
        return []
    return [message]


def _succeeded(job: Job, message: ev.ExecutionSucceeded, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob):
        return []
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].execution is not None:
        return []
    working = current[1]
    draft = Draft(job, job.job_id, now)
    if not working.started:
        draft.add(
            ev.JobStarted(
                attempt_id=message.attempt_id, leg=message.leg, worker=message.worker, started_at=message.started_at
            )
        )
    draft.add(message.model_copy(update={"problem": None, "params": {}}))
    if working.verdict is not None and working.verdict.answer_fingerprint != fingerprint(message.answer):
        draft.add(_mismatch(working.verdict, "the verdict is about another answer"))
    settle(draft)
    return draft.events


def _failed(job: Job, message: ev.ExecutionFailed, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob) or working_on(job, message.leg, message.attempt_id) is None:
        return []
    draft = Draft(job, job.job_id, now)
    draft.add(message)
    settle(draft)
    return draft.events


def _validated(job: Job, message: ev.ResultValidated, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob):
        return []
    current = working_on(job, message.leg, message.attempt_id)
    if current is None or current[1].verdict is not None:
        return []
    execution = current[1].execution
    draft = Draft(job, job.job_id, now)
    if message.problem_fingerprint != job.problem_fingerprint:
        draft.add(_mismatch(message, "the worker answered another problem"))
    elif execution is not None and message.answer_fingerprint != fingerprint(execution.answer):
        draft.add(_mismatch(message, "the verdict is about another answer"))
    else:
        draft.add(message)
    settle(draft)
    return draft.events


def _mismatch(verdict: ev.ResultValidated, reason: str) -> ev.ResultRejected:
    return ev.ResultRejected(
        attempt_id=verdict.attempt_id,
        leg=verdict.leg,
        code="fingerprint_mismatch",
        reasons=(reason,),
        problem_fingerprint=verdict.problem_fingerprint,
        answer_fingerprint=verdict.answer_fingerprint,
    )


def _rejected(job: Job, message: ev.ResultRejected, now: datetime) -> Sequence[JobEvent]:
    if not isinstance(job, OpenJob) or working_on(job, message.leg, message.attempt_id) is None:
        return []
    draft = Draft(job, job.job_id, now)
    draft.add(message)
    settle(draft)
    return draft.events
