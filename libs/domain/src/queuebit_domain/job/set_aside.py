"""What becomes of the money that is set aside for the legs of a job."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from queuebit_contracts import events as ev
from queuebit_domain.job.money import NO_COST
from queuebit_domain.job.state import EndedJob, OpenJob, PaidLate

J = TypeVar("J", OpenJob, EndedJob)


def settled(job: J, event: ev.BudgetSettled) -> J:
    """The job without what was set aside for a leg."""
    reserved = tuple([each for each in job.reserved if each.leg != event.leg])
    return replace(job, reserved=reserved, paid_late=tuple([each for each in job.paid_late if each.leg != event.leg]))


def paid_late(job: J, event: ev.LateUsageReported) -> J:
    """The job with what a late report says that it cost, where the money of the leg is set aside still."""
    if event.cost == NO_COST or not any(each.leg == event.leg for each in job.reserved):
        return job
    return replace(job, paid_late=(*job.paid_late, PaidLate(event.leg, event.cost)))
