"""The case that a job makes for a path: read from the events of the job, in whose stream everything stands that a pair is
made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Cost, JobRequest, Number
from queuebit_contracts.paths import PathDraw
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.money import NO_COST, add_cost
from queuebit_domain.job.state import Answered, EndedJob, Job, NoJob, OpenJob, Spent
from queuebit_domain.paths.case import Arm, Case
from queuebit_domain.paths.outcomes import Reports

INCUMBENT_PARAM = "incumbent_objective"
"""What the caller's way of today reaches, as the caller says: a parameter of the job, which no worker heeds."""


class Told(NamedTuple):
    """One event of a job and when it was recorded."""

    at: datetime
    event: ev.JobEvent


class _Leg:
    """One leg on its way to an arm."""

    def __init__(self) -> None:
        self.execution: tuple[datetime, ev.ExecutionSucceeded] | None = None
        self.verdict: tuple[datetime, ev.ResultValidated] | None = None
        self.lost: tuple[datetime, str] | None = None
        self.cost: Cost = NO_COST
        self.stopped = False

    def arm(self, queued_at: datetime | None, reports: Reports) -> Arm | None:
        if self.execution is not None and self.verdict is not None:
            at, execution = self.execution
            judged_at, verdict = self.verdict
            return Arm(
                lane=execution.ran.lane,
                at=max(at, judged_at),
                objective=verdict.objective,
                bound=verdict.bound,
                placebo=_number(execution.evidence.get("placebo_best")),
                epoch=_epoch(execution),
                took_s=None if queued_at is None else (at - queued_at).total_seconds(),
                cost=self.cost,
                reused=bool(execution.evidence.get("from_job") or execution.evidence.get("from_attempt")),
                why="" if verdict.objective is not None else "has no objective",
                reports=reports.of(execution.attempt_id),
            )
        if self.lost is not None:
            return Arm("quantum", self.lost[0], cost=self.cost, stopped=self.stopped, why=self.lost[1])
        return None


class _Waits:
    """Which legs were held back, as was said last, and when the last of them could begin, where windows were waited for."""

    def __init__(self) -> None:
        self.held: dict[str, ev.JobHeld] = {}
        self.begins_at: datetime | None = None

    def hear(self, event: ev.JobHeld) -> None:
        """What is said first of a leg counts: so is the horizon known from the beginning."""
        if event.until is not None and event.leg not in self.held:
            self.begins_at = event.until if self.begins_at is None else max(self.begins_at, event.until)
        self.held[event.leg] = event


def case_of(job_id: UUID, told: Iterable[Told], eligible: int) -> Case | None:
    """The case of a job in which a path is measured; None for any other."""
    request: JobRequest | None = None
    planned: ev.JobPlanned | None = None
    planned_at = submitted_at = None
    fingerprint = ""
    legs: dict[str, _Leg] = {}
    queued: dict[str, datetime] = {}
    waits = _Waits()
    ended: tuple[datetime, str] | None = None
    reports = Reports()
    job: Job = NoJob()
    for at, event in told:
        job = evolve(job, event, at, job_id)
        match event:
            case ev.JobSubmitted():
                request, submitted_at = event.request, at
                fingerprint = event.admission.problem_fingerprint if event.admission is not None else ""
            case ev.JobPlanned():
                planned, planned_at = event, at
            case ev.JobQueued():
                queued.setdefault(event.leg, at)
                again = legs.setdefault(event.leg, _Leg())
                again.lost, again.stopped = None, False
                fingerprint = fingerprint or event.fingerprint
            case ev.JobHeld():
                waits.hear(event)
            case ev.JobCancelled() | ev.JobExpired() | ev.JobFailed():
                ended = (at, "the job ended without an answer")
            case ev.JobCompleted() | ev.JobImproved():
                reports.last = event.attempt_id
            case ev.OutcomeReported():
                reports.hear(at, event)
            case _:
                _heard(legs, at, event)
    draw = None if planned is None else planned.path
    if planned is None or draw is None or not draw.measured or planned.sense is None:
        return None
    if request is None or planned_at is None or submitted_at is None:
        return None
    tried_again = _tried_again(job)
    arms = {leg: None if leg in tried_again else found.arm(queued.get(leg), reports) for leg, found in legs.items()}
    measured = legs.get(draw.leg or "")
    case = Case(
        job_id=job_id,
        planned_at=planned_at,
        deadline=request.deadline or submitted_at + timedelta(seconds=Limits.of(request.tier).deadline_s),
        problem_fingerprint=fingerprint,
        sense=planned.sense,
        stage=draw.stage,
        path=arms.get(draw.leg or ""),
        base=_base(planned, arms, draw),
        incumbent=_number(request.params.get(INCUMBENT_PARAM)),
        propensity=draw.propensity,
        eligible=eligible,
        cost=NO_COST if measured is None else measured.cost,
        begins_at=waits.begins_at,
        never_out="" if draw.leg in queued else _never_out(job, waits.held.get(draw.leg or "")),
    )
    return case if ended is None else _given_up(case, *ended)


def _never_out(job: Job, held: ev.JobHeld | None) -> str:
    """Why the attempt of the path never went out, where an operator or a window held it until the job had ended. What waited
    for its turn is late by its own weight on the lane.
    """
    if not isinstance(job, EndedJob) or held is None or (held.until is None and held.hold == 0):
        return ""
    return f"the path's attempt was never let out: {held.reason}"


def _tried_again(job: Job) -> frozenset[str]:
    """The legs that are still at work, or will be once more, also after the end of the job."""
    open_job = job.later if isinstance(job, EndedJob) else job
    legs = open_job.legs if isinstance(open_job, OpenJob) else ()
    return frozenset(leg.spec.leg for leg in legs if not isinstance(leg.status, Answered | Spent))


def _heard(legs: dict[str, _Leg], at: datetime, event: ev.JobEvent) -> None:
    match event:
        case ev.ExecutionSucceeded():
            leg = legs.setdefault(event.leg, _Leg())
            leg.execution, leg.cost = (at, event), add_cost(leg.cost, event.cost)
        case ev.ResultValidated():
            legs.setdefault(event.leg, _Leg()).verdict = (at, event)
        case ev.ExecutionFailed():
            leg = legs.setdefault(event.leg, _Leg())
            leg.lost, leg.cost = (at, f"failed: {event.code.value}"), add_cost(leg.cost, event.cost)
        case ev.ResultRejected():
            legs.setdefault(event.leg, _Leg()).lost = (at, f"rejected: {event.code}")
        case ev.AttemptAbandoned():
            leg = legs.setdefault(event.leg, _Leg())
            leg.lost, leg.stopped = (at, f"abandoned: {event.reason}"), True
        case ev.LateUsageReported():
            leg = legs.setdefault(event.leg, _Leg())
            leg.cost = add_cost(leg.cost, event.cost)
        case _:
            pass


def _base(planned: ev.JobPlanned, arms: dict[str, Arm | None], draw: PathDraw) -> Arm | None:
    """The classical way beside the path: the first leg of its lane that started at once."""
    classical = (leg.leg for leg in planned.legs if leg.lane == "classical" and not leg.starts and leg.leg != draw.leg)
    found = arms.get(next(classical, ""))
    return None if found is None else found if found.ok else replace(found, lane="classical")


def _given_up(case: Case, at: datetime, why: str) -> Case:
    """What was still out when the job ended without an answer is lost."""
    path = case.path or Arm(lane="quantum", at=at, cost=case.cost, why=why)
    base = case.base or Arm(lane="classical", at=at, stopped=True, why=why)
    return replace(case, path=path, base=base)


def _epoch(execution: ev.ExecutionSucceeded) -> str:
    calibrated = execution.evidence.get("calibrated_at")
    return f"{execution.ran.backend} {calibrated}" if isinstance(calibrated, str) else ""


def _number(value: object) -> Number | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
