"""What is out when operators hold something back: what nobody began is recalled where that is asked, and answers of a held
backend are paid for and kept, and not believed.
"""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import attempt_id_of
from queuebit_domain.holds.register import Hold
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.state import Answered, LegState, Working

CODE = "backend_quarantined"


def distrust(draft: Draft) -> None:
    """Reject what a held backend has answered; the next attempt of the leg, where it has one, waits behind the hold."""
    for leg in draft.open.legs:
        execution = leg.status.execution if isinstance(leg.status, Answered | Working) else None
        hold = None if execution is None else draft.gate.suspected(execution.ran.backend)
        if execution is not None and hold is not None:
            _reject(draft, leg, execution, hold)


def recall(draft: Draft, *, begun: bool = False) -> None:
    """Take back what no worker is known to have begun, or all that is out, and would be held now: its next attempt waits behind
    the hold.
    """
    for leg in draft.open.legs:
        status = leg.status
        if not isinstance(status, Working) or (status.started and not begun) or status.execution is not None:
            continue
        hold = draft.hold_on(leg)
        if hold is not None:
            draft.abandon(leg, status, f"recalled by {hold.actor}: {hold.reason}")
            draft.hold_back(leg, status.number + 1, hold)


def _reject(draft: Draft, leg: LegState, execution: ev.ExecutionSucceeded, hold: Hold) -> None:
    job = draft.open
    draft.add(
        ev.ResultRejected(
            attempt_id=execution.attempt_id,
            leg=execution.leg,
            code=CODE,
            reasons=(f"{hold.name} is held by {hold.actor}: {hold.reason}",),
            problem_fingerprint=job.problem_fingerprint,
            answer_fingerprint=fingerprint(execution.answer),
        )
    )
    tried = range(1, leg.spec.attempts_max + len(leg.not_on) + leg.degraded)
    number = next((n for n in tried if attempt_id_of(job.job_id, leg.spec.leg, n) == execution.attempt_id), None)
    if number is not None:
        draft.hold_back(leg, number + 1, hold)
