"""What was set aside for a leg is settled by what is said of its attempts, whatever became of the leg meanwhile."""

from __future__ import annotations

from decimal import Decimal

from queuebit_contracts import events as ev
from queuebit_contracts.model import copy_with
from queuebit_contracts.money import CostBasis
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.late import Told, book
from queuebit_domain.job.messages import Settle
from queuebit_domain.job.spending import priced, reserved_for, settled_by, settlement
from queuebit_domain.job.state import EndedJob, NoJob, OpenJob


def told_late(draft: Draft, message: Told | ev.LateUsageReported) -> None:
    """An attempt that was given up tells what came of it: that is booked once, and settles the money of its leg."""
    job = draft.job
    if isinstance(job, NoJob):
        return
    if isinstance(message, ev.LateUsageReported):
        book(draft, message)
        return
    if message.attempt_id in job.owed:
        book(draft, message)
    if job.reserved:
        settle_by(draft, job, message)


def settle_by(draft: Draft, job: OpenJob | EndedJob, message: Told) -> None:
    """Settle the money of a leg by what its attempt says that it cost, or used."""
    basis: CostBasis = "reported"
    if isinstance(message, ev.ExecutionSucceeded):
        cost = priced(message.usage, message.cost, message.ran.backend, draft.purse)
        basis = basis if cost is message.cost else "priced"
        message = copy_with(message, cost=cost)
    settled = settled_by(job, draft.job_id, message, basis)
    if settled is not None:
        draft.add(settled)


def settle(draft: Draft, message: Settle) -> None:
    """Settle the money of a leg of which nobody will say any more what it cost."""
    job = draft.job
    reserved = None if isinstance(job, NoJob) else reserved_for(job, message.leg)
    if reserved is not None:
        spent = Decimal(reserved.amount.amount) if message.handed_in else Decimal(0)
        basis: CostBasis = "estimate" if message.handed_in else "nothing_sent"
        draft.add(settlement(reserved, spent, basis, reserved.attempt_id))
