"""A decision in the making: events so far, and the job as it stands after them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.ids import attempt_id_of, seed_of
from queuebit_domain.holds.gate import OPEN, Asking, Gate
from queuebit_domain.holds.register import Hold
from queuebit_domain.job.beginning import Closed, closed
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.plans import SHADOW, params_of
from queuebit_domain.job.spending import reservation
from queuebit_domain.job.state import Answered, EndedJob, Held, Job, LegState, OpenJob, Spent, Working, best_first
from queuebit_domain.job.timers import lost_after
from queuebit_domain.money.purse import NO_PURSE, Purse
from queuebit_domain.release.shares import Shares, order_of

RELEASE = "control-plane"
"""Who lets jobs wait for their turn."""


class Draft:
    """Collects the events of one decision. It lives inside `decide` only and is never shared."""

    def __init__(
        self,
        job: Job,
        job_id: UUID,
        now: datetime,
        gate: Gate = OPEN,
        purse: Purse = NO_PURSE,
        shares: Shares | None = None,
        *,
        eased: bool = False,
        turn: bool = False,
    ) -> None:
        """`gate`: what operators hold back. `purse`: what may be spent. `shares`: how much of each lane tenants may have out.
        `eased`: it is the turn of this job at the holds that were eased; `turn`: at its tenant's share.
        """
        self.job = job
        self.now = now
        self.gate = gate
        self.purse = purse
        self._eased = eased
        self._shares = None if turn else shares
        self.events: list[JobEvent] = []
        self.job_id = job_id

    @property
    def open(self) -> OpenJob:
        """The job, which the rules have made sure is open; of one that has ended, what goes on."""
        job = self.job
        if type(job) is OpenJob:
            return job
        if type(job) is EndedJob and job.later is not None:
            return job.later
        raise AssertionError(f"the job is not open but {type(job).__name__}")

    def add(self, event: JobEvent) -> None:
        """Record an event and move the job."""
        self.events.append(event)
        self.job = evolve(self.job, event, self.now, self.job_id)

    def release(self, leg: LegState, number: int) -> None:
        """Let an attempt of a leg onto its lane, unless an operator holds it back, it may not begin yet, or its tenant has its
        share out.
        """
        job = self.open
        if self.gate.closed and (hold := self.hold_on(leg)) is not None:
            self.hold_back(leg, number, hold)
            return
        if self._waits_for_its_time(leg, number):
            return
        if self._shares is not None and self._waits_for_its_turn(self._shares, leg, number):
            return
        if self.purse.accounts or job.quote is not None:
            if not self._pay_for(leg, number):
                return
            job = self.open
        request = job.request
        asked = request.seed
        self.add(
            ev.JobQueued.model_construct(
                attempt_id=attempt_id_of(job.job_id, leg.spec.leg, number),
                leg=leg.spec.leg,
                role=leg.spec.role,
                lane=leg.spec.lane,
                number=number,
                tier=request.tier,
                problem=request.problem,
                fingerprint=job.problem_fingerprint,
                seed=(asked if asked is not None else seed_of(job.job_id)) + (leg.spec.seed_shift or 0),
                budget_s=leg.spec.budget_s,
                deadline=job.deadline,
                params=request.params if leg.spec.params is None else params_of(request, leg.spec),
                hint=_hint(job, leg) if leg.spec.cached is None else leg.spec.cached.answer,
                begin_by=lost_after(self.now, leg.spec, job.limits),
                size=job.size,
                avoid=self.gate.held_of(leg.spec.lane) if self.gate.closed else None,
                not_on=leg.not_on or None,
                degraded=leg.degraded or None,
                from_job=None if leg.spec.cached is None else leg.spec.cached.job_id,
            )
        )

    def _pay_for(self, leg: LegState, number: int) -> bool:
        """Set aside what the attempt may cost; False where it may not be paid for."""
        event = reservation(self.open, leg, number, self.purse)
        if event is not None:
            self.add(event)
        return type(event) is not ev.BudgetExhausted

    def _waits_for_its_time(self, leg: LegState, number: int) -> bool:
        """Whether the attempt may not begin yet, which is recorded once."""
        job = self.open
        if type(self.job) is EndedJob:
            return False
        found = closed(job.request, leg.spec, job.deadline, self.now)
        if found is None:
            return False
        if not isinstance(leg.status, Held) or leg.status.until != found.until:
            self.add(_waits_until(job, leg, number, found))
        return True

    def _waits_for_its_turn(self, shares: Shares, leg: LegState, number: int) -> bool:
        """Whether the attempt waits, which is recorded once. A shadow does not, nor what goes on when the job has ended: what
        is measured, or may improve the answer, would be lost by waiting.
        """
        request, size, lane = self.open.request, self.open.size, leg.spec.lane
        if leg.spec.role == SHADOW or type(self.job) is EndedJob:
            return False
        variables, terms = (0, 0) if size is None else (size.variables, size.terms)
        order = order_of(request.tenant, lane, request.tier, request.problem.kind, variables, terms, leg.spec.budget_s)
        wait = shares.wait(order, self.now)
        if wait is None:
            return False
        if not isinstance(leg.status, Held) or leg.status.expected_s is None:
            self.add(
                ev.JobHeld(
                    leg=leg.spec.leg,
                    lane=lane,
                    number=number,
                    hold=0,
                    scope=wait.scope,
                    value=request.tier if wait.scope == "tier" else request.tenant,
                    actor=RELEASE,
                    reason=wait.reason,
                    expected_s=wait.expected_s,
                    priority=self.open.priority or None,
                )
            )
        return True

    def hold_back(self, leg: LegState, number: int, hold: Hold) -> None:
        """Record that an attempt waits behind a hold, where that is not known yet."""
        if isinstance(leg.status, Held) and leg.status.hold == hold.number:
            return
        self.add(
            ev.JobHeld(
                leg=leg.spec.leg,
                lane=leg.spec.lane,
                number=number,
                hold=hold.number,
                scope=hold.scope,
                value=hold.value,
                actor=hold.actor,
                reason=hold.reason,
            )
        )

    def hold_on(self, leg: LegState) -> Hold | None:
        """The hold that stops the leg. Where it is not known which backends a lane has, a leg that was held for its backend
        waits as long as that hold stands. What has passed an eased hold, and came to wait for its turn then, has passed it.
        """
        request, lane, status = self.open.request, leg.spec.lane, leg.status
        if isinstance(status, Held) and status.scope == "backend" and not self.gate.backends.get(lane):
            standing = self.gate.standing(status.hold, eased=self._eased)
            if standing is not None:
                return standing
        asking = Asking(self.job_id, request.tenant, request.problem.kind, request.tier)
        hold = self.gate.on_leg(asking, lane, eased=self._eased)
        if (
            hold is not None
            and hold.rate_per_s is not None
            and isinstance(status, Held)
            and status.expected_s is not None
        ):
            return self.gate.on_leg(asking, lane, eased=status.since > hold.placed_at)
        return hold

    def abandon_all(self, reason: str, *, but_after_end: bool = False) -> None:
        """Tell whoever still works for this job to stop. `but_after_end`: legs that go on when it has ended do so."""
        for leg in self.open.legs:
            if but_after_end and leg.spec.after_end is not None:
                continue
            if isinstance(leg.status, Working) and leg.status.execution is None:
                self.abandon(leg, leg.status, reason)

    def abandon_if_spent(self, name: str, working: Working) -> None:
        """Tell whoever may still work for a lost attempt to stop, where no further try will find what it handed in."""
        leg = next(each for each in self.open.legs if each.spec.leg == name)
        if isinstance(leg.status, Spent) and working.execution is None:
            self.abandon(leg, working, "it was lost on its last try")

    def abandon(self, leg: LegState, working: Working, reason: str) -> None:
        """Tell whoever works for this attempt to stop."""
        begin_by = lost_after(working.queued_at, leg.spec, self.open.limits)
        self.add(ev.AttemptAbandoned(attempt_id=working.attempt_id, leg=leg.spec.leg, reason=reason, begin_by=begin_by))


def _waits_until(job: OpenJob, leg: LegState, number: int, found: Closed) -> ev.JobHeld:
    return ev.JobHeld(
        leg=leg.spec.leg,
        lane=leg.spec.lane,
        number=number,
        hold=0,
        scope=found.scope,
        value=str(job.job_id) if found.scope == "job" else leg.spec.lane,
        actor=RELEASE,
        reason=found.reason,
        until=found.until,
    )


def _hint(job: OpenJob, leg: LegState) -> ev.Answer | None:
    """The best checked answer of the other legs, also one that needs review."""
    answered = [each for each in job.counted if type(each.status) is Answered and each is not leg]
    best = best_first(answered, job.sense)[0].status if answered else None
    return best.execution.answer if isinstance(best, Answered) and best.verdict.objective is not None else None
