"""A job that waits for its turn is planned onto another backend: what waits goes there, and all else of its plan stays.

That is a new plan, made of the old one, so that all which stands before an attempt stands before this one too: holds, windows,
turns, and money, which is set aside when it goes out. Nothing of it was ever out, so that nothing is paid twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from queuebit_contracts.events import BudgetExhausted, JobPlanned
from queuebit_contracts.jobs import BACKEND_PARAM, Lane, Leg
from queuebit_contracts.model import copy_with
from queuebit_contracts.policy import PolicyDocument
from queuebit_contracts.regions import REGIONS_PARAM, is_allowed, regions_of
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.routing import wish_of
from queuebit_domain.job.spending import reservation
from queuebit_domain.job.state import Held, Idle, LegState, OpenJob
from queuebit_domain.money.purse import Purse
from queuebit_domain.policy.evaluation import evaluate
from queuebit_domain.policy.facts import facts_in
from queuebit_domain.policy.opening import within_windows
from queuebit_domain.policy.tables import Policy


@dataclass(frozen=True, slots=True)
class Destination:
    """A backend to which an attempt may be moved."""

    backend: str
    lane: Lane
    region: str | None = None
    region_named: bool = False


def moved(planned: JobPlanned, job: OpenJob, to: Destination, document: PolicyDocument, reason: str) -> JobPlanned:
    """The plan with what waits on that backend, within the windows of its lane. `reason`: who wants it, and why."""
    waiting = waiting_leg(job)
    assert waiting is not None
    goes = _onto(waiting.spec, to, reason)
    legs = tuple(goes if each.leg == waiting.spec.leg else _behind(each, waiting.spec, goes) for each in planned.legs)
    plan = copy_with(planned, legs=legs, reasons=(*planned.reasons, reason), path=None)
    return within_windows(plan, document, job.request.tier)


def why_not_moved(planned: JobPlanned, job: OpenJob, to: Destination, policy: Policy, purse: Purse) -> str | None:
    """Why what waits may not go to that backend; None where it may."""
    waiting = waiting_leg(job)
    if waiting is None:
        return "no attempt of it waits for its turn"
    if (why := why_not_planned_anew(job)) is not None:
        return why
    request = job.request
    own = request.params.get(BACKEND_PARAM)
    if own not in (None, to.backend):
        return f"it names the backend {own} itself"
    wish = wish_of(request.lane, request.params)
    if wish not in ("auto", to.lane):
        return f"it asks for the {wish} lane"
    if planned.approval is not None:
        return "people have allowed its plan as it is"
    if planned.path is not None and planned.path.measured:
        return "a path is measured in it"
    if to.lane in _forbidden(planned, policy):
        return f"a guard of its policy forbids the {to.lane} lane"
    if REGIONS_PARAM in request.params and not is_allowed(to.region, regions_of(request.params)):
        return f"its data may not go to {to.backend}"
    if REGIONS_PARAM not in request.params and to.region_named:
        return f"{to.backend} takes only jobs that allow its region"
    return _unpaid(moved(planned, job, to, policy.document, ""), job, to, purse)


def why_not_planned_anew(job: OpenJob) -> str | None:
    """Why the plan of a job may not be made anew: something of it is or was out, or it is what an offer was made for."""
    waiting = waiting_leg(job)
    if waiting is None:
        return "no attempt of it waits for its turn"
    if any(not isinstance(each.status, Idle) for each in job.legs if each is not waiting):
        return "another leg of it is or was out"
    if isinstance(waiting.status, Held) and waiting.status.number > 1:
        return "an attempt of it was out before"
    return None if job.quote is None else "its quote pays for nothing else"


def waiting_leg(job: OpenJob) -> LegState | None:
    """The first leg of which an attempt waits for its turn."""
    for leg in job.counted:
        if isinstance(leg.status, Held) and leg.status.expected_s is not None:
            return leg
    return None


def _onto(leg: Leg, to: Destination, reason: str) -> Leg:
    params = {**(leg.params or {}), BACKEND_PARAM: to.backend}
    name = leg.leg if leg.lane == to.lane else f"{leg.role}-{to.lane}-moved"
    return copy_with(leg, leg=name, lane=to.lane, params=params, windows=None, reason=reason)


def _behind(leg: Leg, before: Leg, now: Leg) -> Leg:
    """A leg that stays as it is, behind the one that goes where it is the next round of that."""
    if leg.round is None or leg.round.after != before.leg:
        return leg
    return copy_with(leg, round=copy_with(leg.round, after=now.leg))


def _forbidden(planned: JobPlanned, policy: Policy) -> Collection[Lane]:
    """The lanes that guards forbid, by what was known when it was planned."""
    return {lane for guard in evaluate(policy, facts_in(planned.inputs)).guards for lane in guard.deny}


def _unpaid(plan: JobPlanned, job: OpenJob, to: Destination, purse: Purse) -> str | None:
    """Why it could not be paid for there, as far as is known now."""
    after = evolve(job, plan, job.submitted_at, job.job_id)
    assert isinstance(after, OpenJob)
    leg = next(each for each in after.legs if (each.spec.params or {}).get(BACKEND_PARAM) == to.backend)
    refused = reservation(after, leg, 1, purse)
    return refused.detail.rstrip(".") if isinstance(refused, BudgetExhausted) else None
