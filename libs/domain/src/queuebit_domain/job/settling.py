"""What was set aside for a leg is settled by what is said of its attempts, whatever became of the leg meanwhile."""

from __future__ import annotations

from decimal import Decimal

from queuebit_contracts import events as ev
from queuebit_contracts.model import copy_with
from queuebit_contracts.money import CostBasis
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.late import Told, book
from queuebit_domain.job.messages import Settle
from queuebit_domain.job.spending import priced, reserved_for, settled_by, settlement, spent_late
from queuebit_domain.job.state import AT_WORK, EndedJob, NoJob, OpenJob


def told_late(draft: Draft, message: Told | ev.LateUsageReported) -> None:
    """An attempt that was given up tells what came of it: that is booked once, and settles the money of its leg, unless a
    further try stands on it.
    """
    job = draft.job
    if isinstance(job, NoJob):
        return
    if isinstance(message, ev.LateUsageReported):
        book(draft, message)
        return
    if message.attempt_id in job.owed:
        book(draft, message)
    told = draft.job
    if not isinstance(told, NoJob) and told.reserved and not tries_on(told, message):
        settle_by(draft, told, message, booked=told is not job)


def tries_on(job: OpenJob | EndedJob, message: Told) -> bool:
    """Whether another attempt of its leg is out or will be."""
    at_work = job.later if isinstance(job, EndedJob) else job
    legs = () if at_work is None else at_work.legs
    return any(
        isinstance(each.status, AT_WORK) and getattr(each.status, "attempt_id", None) != message.attempt_id
        for each in legs
        if each.spec.leg == message.leg
    )


def settle_by(draft: Draft, job: OpenJob | EndedJob, message: Told, *, booked: bool = False) -> None:
    """Settle the money of a leg by what its attempt says that it cost, or used, and what late reports have said. `booked`: what
    it says is among these.
    """
    basis: CostBasis = "reported"
    if isinstance(message, ev.ExecutionSucceeded):
        cost = priced(message.usage, message.cost, message.ran.backend, draft.purse)
        basis = basis if cost is message.cost else "priced"
        message = copy_with(message, cost=cost)
    settled = settled_by(job, draft.job_id, message, basis, booked=booked)
    if settled is not None:
        draft.add(settled)


def settle(draft: Draft, message: Settle) -> None:
    """Settle the money of a leg of which nobody will say any more what it cost."""
    job = draft.job
    reserved = None if isinstance(job, NoJob) else reserved_for(job, message.leg)
    if reserved is not None and not isinstance(job, NoJob):
        late = spent_late(job, message.leg, reserved.amount.currency)
        spent = max(late, Decimal(reserved.amount.amount)) if message.handed_in else late
        basis: CostBasis = "estimate" if message.handed_in else "reported" if late else "nothing_sent"
        draft.add(settlement(reserved, spent, basis, reserved.attempt_id))
