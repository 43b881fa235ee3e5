"""How a failed attempt is told, by whoever tells it."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts.events import ExecutionFailed
from queuebit_contracts.failures import FAILURES, FailureAction, FailureCode
from queuebit_contracts.jobs import Usage


def execution_failed(
    attempt_id: UUID,
    leg: str,
    code: FailureCode,
    detail: str,
    *,
    remedy: str = "",
    retry_after_s: float | None = None,
    usage: Usage | None = None,
    action: FailureAction | None = None,
    backend: str | None = None,
    reason: str | None = None,
) -> ExecutionFailed:
    """The failure, with the remedy that the table of failures has for the code where nothing better is known."""
    return ExecutionFailed(
        attempt_id=attempt_id,
        leg=leg,
        code=code,
        detail=detail,
        remedy=remedy or FAILURES[code].remedy,
        retry_after_s=retry_after_s,
        usage=usage or Usage(),
        action=action,
        backend=backend,
        reason=reason,
    )
