"""An earlier answer in the plan of a job: a leg that competes with what is worked out now, and never in its place.

It is waited for, as checking takes a moment, and is the job's where it is the best checked answer, or the only one when the
patience of the caller ends. It ends no search for a better one: fallbacks are taken as if it were not there. A policy may say
otherwise, by a leg with the role `fallback`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from queuebit_contracts.candidates import Cached
from queuebit_contracts.events import ExecutionSucceeded, JobPlanned
from queuebit_contracts.jobs import Leg, Role
from queuebit_contracts.model import copy_with

COMPETES: Final[Role] = "baseline"
_ATTEMPTS_MAX: Final = 3


class Candidate(NamedTuple):
    """An earlier answer of the tenant, which may compete."""

    job_id: UUID
    answered_at: datetime
    same: bool
    answer: Mapping[str, Any]


def competes(leg: Leg) -> bool:
    """Whether the leg is an earlier answer that stands beside what is worked out now."""
    return leg.cached is not None and leg.role == COMPETES


def with_candidate(planned: JobPlanned, found: Candidate | str, budget_s: float, *, alone: bool) -> JobPlanned:
    """The plan with the earlier answer in the legs that its policy has for one, else in one of its own; or with the reason
    why none competes. `alone`: the caller wants the answer of one lane or none.
    """
    why_not = found if isinstance(found, str) else _why_not(planned, alone)
    if isinstance(found, str) or why_not:
        legs = tuple(leg for leg in planned.legs if leg.cached is None)
        reason = f"No earlier answer competes: {why_not}."
        return copy_with(planned, legs=legs, reasons=(*planned.reasons, reason))
    cached = Cached(job_id=found.job_id, answered_at=found.answered_at, same=found.same, answer={**found.answer})
    told = (
        f"The answer of job {found.job_id}, given {found.answered_at:%Y-%m-%d %H:%M} UTC to"
        f" {'the same' if found.same else 'another'} statement, is checked anew and competes."
    )
    legs = tuple(leg if leg.cached is None else copy_with(leg, cached=cached, reason=told) for leg in planned.legs)
    if all(leg.cached is None for leg in legs):
        legs = (*legs, _leg(cached, told, budget_s))
    return copy_with(planned, legs=legs, reasons=(*planned.reasons, told))


def whose(leg: Leg, execution: ExecutionSucceeded) -> tuple[str, ...]:
    """What is said of a chosen answer that was there before: a worker of before knows of none, and gives the default one."""
    if leg.cached is None or execution.evidence.get("from_job") != str(leg.cached.job_id):
        return ()
    return (f"{leg.leg} is the answer of job {leg.cached.job_id}, checked anew",)


def _why_not(planned: JobPlanned, alone: bool) -> str:
    if not planned.legs:
        return "nothing may answer this job"
    if planned.sense is None:
        return "what is measured is measured anew"
    return "the job wants the answer of the lane that it names or none" if alone else ""


def _leg(cached: Cached, reason: str, budget_s: float) -> Leg:
    return Leg(
        leg="cached-rule",
        role=COMPETES,
        lane="rule",
        budget_s=budget_s,
        attempts_max=_ATTEMPTS_MAX,
        reason=reason,
        starts=(),
        cached=cached,
    )
