"""Money that is set aside for legs, and legs that may not be paid for."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of
from queuebit_domain.job.money import NO_COST
from queuebit_domain.job.state import EndedJob, OpenJob, PaidLate

J = TypeVar("J", OpenJob, EndedJob)
UNPAID = "unpaid"
"""The reason of a leg that was not tried because it may not be paid for."""


def unpaid(job_id: UUID, event: ev.BudgetExhausted) -> ev.ExecutionFailed:
    """Why the leg gives no answer, as a failure of it."""
    return ev.ExecutionFailed(
        attempt_id=attempt_id_of(job_id, event.leg, 1),
        leg=event.leg,
        code=FailureCode.BUDGET_EXHAUSTED,
        detail=event.detail,
        remedy="Ask whoever grants budgets, or use a lane that charges nothing.",
        reason=UNPAID,
    )


def settled(job: J, event: ev.BudgetSettled) -> J:
    """The job without what was set aside for a leg."""
    reserved = tuple([each for each in job.reserved if each.leg != event.leg])
    return replace(job, reserved=reserved, paid_late=tuple([each for each in job.paid_late if each.leg != event.leg]))


def paid_late(job: J, event: ev.LateUsageReported) -> J:
    """The job with what a late report says that it cost, where the money of the leg is set aside still."""
    if event.cost == NO_COST or not any(each.leg == event.leg for each in job.reserved):
        return job
    return replace(job, paid_late=(*job.paid_late, PaidLate(event.leg, event.cost)))
