"""The books of a job: the money that is set aside for its legs, and which reports of outcomes stand in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import derive_id
from queuebit_domain.job.money import NO_COST
from queuebit_domain.job.state import EndedJob, OpenJob, PaidLate

J = TypeVar("J", OpenJob, EndedJob)


def booking_of(report_id: UUID) -> UUID:
    """Under what a report of an outcome is booked: its sender chose its id, and must not take that of a late use of the job."""
    return derive_id(report_id, "outcome")


def booked(job: J, event: ev.LateUsageReported) -> J:
    """The job with a late report in its books: nothing more is owed by its attempt, and it is not booked again."""
    owed = tuple([each for each in job.owed if each != event.attempt_id])
    return replace(job, owed=owed, booked=(*job.booked, event.report_id))


def settled(job: J, event: ev.BudgetSettled) -> J:
    """The job without what was set aside for a leg."""
    reserved = tuple([each for each in job.reserved if each.leg != event.leg])
    return replace(job, reserved=reserved, paid_late=tuple([each for each in job.paid_late if each.leg != event.leg]))


def paid_late(job: J, event: ev.LateUsageReported) -> J:
    """The job with what a late report says that it cost, where the money of the leg is set aside still."""
    if event.cost == NO_COST or not any(each.leg == event.leg for each in job.reserved):
        return job
    return replace(job, paid_late=(*job.paid_late, PaidLate(event.leg, event.cost)))
