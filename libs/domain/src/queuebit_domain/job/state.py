"""The job as a union of frozen states.

A leg is Idle until the plan releases it, Working on an attempt, Resting before a retry, Held back by an operator, Answered once
a verdict let its answer pass, or Spent. Both halves of an answer, execution and verdict, may arrive in either order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import Compensation
from queuebit_contracts.jobs import Cost, JobRequest, JobState, Leg, Number, Sense, Thresholds, Usage
from queuebit_contracts.money import Quote
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.money import NO_COST, NO_USAGE
from queuebit_domain.job.plans import SHADOW


@dataclass(frozen=True, slots=True)
class Idle:
    """Not released: a fallback whose trigger has not held yet, or a leg that waits for its turn."""


IDLE = Idle()


@dataclass(frozen=True)
class Working:
    """An attempt is out. `execution` and `verdict` are filled as they arrive. `next_within_s`: within how long its worker has
    promised the next sign of life, counted from `moved_at`. `began_at`: when that it had begun was told.
    """

    attempt_id: UUID
    number: int
    queued_at: datetime
    moved_at: datetime
    started: bool = False
    execution: ev.ExecutionSucceeded | None = None
    verdict: ev.ResultValidated | None = None
    next_within_s: float = 0.0
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resting:
    """A transient failure: the next attempt is released at `until`."""

    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """An operator holds the attempt of that number back, by the hold of that number; `reason` says who and why. With
    `expected_s` nobody does: it waits for its turn, as its tenant has enough out. With `until` it waits for that moment.
    """

    number: int
    hold: int
    scope: str
    reason: str
    since: datetime
    expected_s: float | None = None
    until: datetime | None = None


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


LegStatus = Idle | Working | Resting | Held | Answered | Spent
AT_WORK = (Working, Resting, Held)
"""A leg that stands so may yet bring something."""


class LegState(NamedTuple):
    """A leg of the plan and where it stands. `not_on`: the backends on which it failed and that it does not go to again;
    `degraded`: how often it was made smaller.
    """

    spec: Leg
    status: LegStatus
    not_on: tuple[str, ...] = ()
    degraded: int = 0


@dataclass(frozen=True, slots=True)
class Awaited:
    """A plan that waits for a person: nothing of it is released. `expires_at`: when it is decided without one."""

    planned: ev.JobPlanned
    digest: str = ""
    expires_at: datetime | None = None
    granted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaidLate:
    """What a late report says that an attempt of a leg cost for which money is set aside."""

    leg: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class NoJob:
    """Nothing happened yet."""


@dataclass(frozen=True)
class OpenJob:
    """The job is on its way.

    `latency_due_at`: when the caller's patience ends and a fallback is taken beside whatever still runs. `hurried`: that has
    happened, so the first good answer ends the job. `denied`: a person refused the plan, so the job ends when it is
    next looked at, which is at once. `origin` goes onto the event that ends it. `owed`: attempts that were given up before they
    told what they used; `booked`: late reports of that. `measures`: it asks for outcomes of circuits.
    `project`, `environment`: those of its labels, where it has such.
    `reserved`: the money that is set aside for its legs; `paid_late`: what late reports say that such a leg cost.
    `requested_by`: who asked, where the gateway knew them. `quote`: where there is one, nothing is paid but what it offers.
    `compensations`: what is to be undone where its answer does not count; `supersedes`: the job whose answer it replaces.
    `priority`: where it waits for its turn, those of its tenant with a lower one wait behind it. `begins_at`: for which moment
    it waited, or waits, where it may not begin at once.
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
    sense: Sense | None = "min"
    legs: tuple[LegState, ...] = ()
    hurried: bool = False
    cost: Cost = NO_COST
    usage: Usage = NO_USAGE
    reasons: tuple[str, ...] = ()
    size: ev.ProblemSize | None = None
    origin: Origin = NO_ORIGIN
    denied: ev.ApprovalDenied | None = None
    thresholds: Thresholds | None = None
    awaited: Awaited | None = None
    owed: tuple[UUID, ...] = ()
    booked: tuple[UUID, ...] = ()
    measures: bool = False
    reserved: tuple[ev.BudgetReserved, ...] = ()
    paid_late: tuple[PaidLate, ...] = ()
    requested_by: str | None = None
    quote: Quote | None = None
    compensations: tuple[Compensation, ...] = ()
    supersedes: UUID | None = None
    priority: int = 0
    begins_at: datetime | None = None

    @property
    def counted(self) -> list[LegState]:
        """The legs that are waited for and whose answers may be the job's."""
        return [leg for leg in self.legs if leg.spec.role != SHADOW]


@dataclass(frozen=True, slots=True)
class EndedJob:
    """The job ended, exactly once, as `state`. `suspect`: its answer was invalidated since; `superseded`: another job's counts.
    `compensations`: what was not asked to be undone yet; where there are any, `origin` goes with them.

    `later`: the job with the legs that go on after its end, where its plan has some; `objective` is then that of its answer.
    `owed` and `booked` go on too.
    `project`, `environment`: those of its labels, where it has such.
    `begins_at`: for which moment it waited, where it did.
    `reserved`: the money that is set aside still, for what was handed in may live longer than the job; `paid_late` goes on too.
    """

    state: JobState
    fingerprint: str
    kind: str = ""
    tier: str = ""
    lane: str = ""
    suspect: bool = False
    later: OpenJob | None = None
    objective: Number | None = None
    owed: tuple[UUID, ...] = ()
    booked: tuple[UUID, ...] = ()
    reserved: tuple[ev.BudgetReserved, ...] = ()
    paid_late: tuple[PaidLate, ...] = ()
    tenant: str = ""
    project: str = ""
    environment: str = ""
    compensations: tuple[Compensation, ...] = ()
    origin: Origin | None = None
    superseded: bool = False
    begins_at: datetime | None = None


Job = NoJob | OpenJob | EndedJob


def accepted(leg: LegState) -> bool:
    """Whether the leg has an answer that the validator accepts."""
    status = leg.status
    if type(status) is not Answered or status.verdict.verdict != "accepted":
        return False
    least = leg.spec.min_confidence
    return least is None or status.verdict.confidence.value >= least


def proved(leg: LegState) -> bool:
    """Whether the leg has an answer that is proved to be optimal."""
    return isinstance(leg.status, Answered) and leg.status.verdict.proven_optimal


def best_first(legs: Sequence[LegState], sense: Sense | None) -> list[LegState]:
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
            return (each, status) if type(status) is Working and status.attempt_id.int == attempt_id.int else None
    return None
