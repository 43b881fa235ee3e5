"""Money that is set aside for legs, and legs that may not be paid for."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of

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
