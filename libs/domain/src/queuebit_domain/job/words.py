"""What an event of a job says, in a few words for people: whoever tells a job takes them from here."""

from __future__ import annotations

from typing import assert_never

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import SagaEvent
from queuebit_contracts.jobs import Number
from queuebit_contracts.money import MoneyEvent


def worth(objective: Number | None, rest: str) -> str:
    """The objective and what follows on it; nothing where the kind has none."""
    return "" if objective is None else f"objective {objective}{rest}"


def in_words(event: ev.JobEvent) -> str:
    """One event in a few words."""
    match event:
        case ev.JobSubmitted():
            return f"Asked: {event.request.problem.kind}, lane {event.request.lane}, tier {event.request.tier}."
        case ev.JobRejected():
            return f"Refused: {event.detail} {event.remedy}"
        case ev.JobPlanned():
            return f"Planned {event.plan} by rule {event.rule}: {', '.join(leg.leg for leg in event.legs)}."
        case ev.ApprovalRequested():
            return f"Waits for approval: {event.reason}"
        case ev.ApprovalGranted() | ev.ApprovalDenied():
            return f"{event.actor} {'approved' if isinstance(event, ev.ApprovalGranted) else 'refused'}: {event.reason}"
        case ev.JobQueued():
            return f"Attempt {event.number} of {event.leg} queued on the {event.lane} lane."
        case ev.JobStarted():
            return f"{event.worker} began {event.leg}."
        case ev.ExecutionProgressed():
            reached = f"objective {event.objective}, bound {event.bound}"
            if event.objective is None and event.bound is None:
                reached = event.detail or "at work"
            return f"{event.leg}: {reached} after {event.elapsed_s:.3g} s."
        case ev.ExecutionSucceeded():
            claim = "has an answer" if event.objective is None else f"claims objective {event.objective}"
            return f"{event.ran.method} on {event.ran.backend} {claim}."
        case ev.ExecutionFailed():
            return f"{event.leg} failed ({event.code.value}): {event.detail}"
        case ev.ResultValidated():
            return _checked(event)
        case ev.ResultRejected():
            return f"Answer of {event.leg} refused: {'; '.join(event.reasons)}"
        case ev.AttemptAbandoned():
            return f"{event.leg} is no longer wanted: {event.reason}"
        case ev.FallbackTaken():
            return f"Fell back from {event.from_leg} to {event.to_leg} ({event.trigger}): {event.reason}"
        case ev.JobHeld():
            return _held(event)
        case ev.LateUsageReported():
            what = {"answer": "An answer", "failure": "A failure", "usage": "What it used"}[event.came]
            return f"{what} of {event.leg} came late and is booked{': ' + event.detail if event.detail else '.'}"
        case ev.BudgetReserved() | ev.BudgetSettled() | ev.BudgetExhausted():
            return _of_money(event)
        case ev.OutcomeReported() | ev.JobInvalidated():
            return _of_the_answer(event)
        case ev.CompensationRequested() | ev.SupersessionRequested() | ev.JobSuperseded():
            return _of_sagas(event)
        case ev.JobCompleted():
            return f"Completed with the answer of {event.leg}: {worth(event.objective, ', ')}{event.verdict}."
        case ev.JobImproved():
            return f"Improved by {event.leg}: objective {event.previous_objective} to {event.objective}."
        case ev.JobFailed():
            return f"Failed ({event.code.value}): {event.detail}"
        case ev.JobCancelled():
            return f"Cancelled by {event.actor}{': ' + event.reason if event.reason else '.'}"
        case ev.JobExpired():
            return "The deadline passed."
        case _:
            assert_never(event)


def _held(event: ev.JobHeld) -> str:
    attempt = f"Attempt {event.number} of {event.leg}"
    if event.until is not None:
        return f"{attempt} waits until {event.until:%Y-%m-%d %H:%M} UTC: {event.reason}"
    if event.priority is not None:
        return f"{attempt} waits with priority {event.priority}, says {event.actor}: {event.reason}"
    return f"{attempt} is held by {event.actor} (hold {event.hold}): {event.reason}"


def _checked(event: ev.ResultValidated) -> str:
    checked = f"Checked: {event.verdict}, {worth(event.objective, ', ')}confidence {event.confidence.value:.3g}."
    return " ".join((checked, *event.reasons))


def _of_the_answer(event: ev.OutcomeReported | ev.JobInvalidated) -> str:
    if isinstance(event, ev.JobInvalidated):
        return f"The answer of {event.leg} is suspect, says {event.actor}: {event.reason}"
    brought = "" if event.value is None else f": {event.value.amount} {event.value.currency}"
    return f"The answer was {'' if event.acted else 'not '}acted on{brought}."


def _of_sagas(event: SagaEvent) -> str:
    match event:
        case ev.CompensationRequested():
            return f"{event.name} is to be undone ({event.command}): the job was {event.cause}."
        case ev.SupersessionRequested():
            return f"The answer takes the place of that of job {event.superseded_job_id}."
        case ev.JobSuperseded():
            return f"The answer of job {event.by} takes the place of this job's."
        case _:
            assert_never(event)


def _of_money(event: MoneyEvent) -> str:
    match event:
        case ev.BudgetReserved():
            whose = ", ".join(event.accounts)
            return f"{event.amount.amount} {event.amount.currency} set aside for {event.leg} on {event.backend}, from {whose}."
        case ev.BudgetSettled():
            beyond = f", {event.overrun} beyond what was set aside" if event.overrun != "0" else ""
            spent = f"{event.spent.amount} {event.spent.currency} ({event.basis})"
            return f"{event.leg} cost {spent}{beyond}; {event.released} released."
        case ev.BudgetExhausted():
            return f"{event.leg} may not be paid for ({event.code}): {event.detail}"
        case _:
            assert_never(event)
