"""What comes late: an attempt that was given up tells what it used after all. It is booked once, and changes nothing else."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_contracts.ids import derive_id
from queuebit_contracts.late import LateKind
from queuebit_contracts.model import copy_with
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.money import NO_COST, NO_USAGE
from queuebit_domain.job.spending import priced
from queuebit_domain.job.state import EndedJob, NoJob, OpenJob

Told = ev.ExecutionSucceeded | ev.ExecutionFailed
DETAIL_MAX = 300


def book(draft: Draft, message: Told | ev.LateUsageReported) -> None:
    """Book what is owed, and what was not booked before, at the price list of its backend where it does not say what it cost.
    What says nothing of use or cost, and is no answer, is no news.
    """
    job = draft.job
    if isinstance(job, NoJob):
        return
    report = message if isinstance(message, ev.LateUsageReported) else _report_of(job, message)
    if report is None or report.report_id in job.booked:
        return
    if report.came == "answer" or report.usage != NO_USAGE or report.cost != NO_COST:
        cost = report.cost if report.backend is None else priced(report.usage, report.cost, report.backend, draft.purse)
        draft.add(copy_with(report, detail=report.detail[:DETAIL_MAX], cost=cost))


def _report_of(job: OpenJob | EndedJob, told: Told) -> ev.LateUsageReported | None:
    """An outcome as a late report; None where the attempt owes none, for it was told before."""
    if told.attempt_id not in job.owed:
        return None
    came: LateKind = "answer" if isinstance(told, ev.ExecutionSucceeded) else "failure"
    return ev.LateUsageReported(
        report_id=derive_id(told.attempt_id, "late outcome"),
        attempt_id=told.attempt_id,
        leg=told.leg,
        came=came,
        usage=told.usage,
        cost=told.cost,
        backend=told.ran.backend if isinstance(told, ev.ExecutionSucceeded) else told.backend,
        detail=told.ran.method if isinstance(told, ev.ExecutionSucceeded) else told.detail,
        objective=told.objective if isinstance(told, ev.ExecutionSucceeded) else None,
        artifacts=told.artifacts,
    )
