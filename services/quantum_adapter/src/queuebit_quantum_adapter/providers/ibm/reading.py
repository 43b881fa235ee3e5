"""A job as IBM Quantum tells of it, in our words: whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_quantum_adapter.errors import AnswerUnreadable
from queuebit_quantum_adapter.ports import Poll, RunState
from queuebit_quantum_adapter.providers.ibm.taxonomy import BY_REASON
from queuebit_quantum_adapter.providers.rows import FAILED

RAN_TOO_LONG = 1305
STATES = {
    "queued": RunState.QUEUED,
    "running": RunState.RUNNING,
    "completed": RunState.SUCCEEDED,
    "failed": RunState.FAILED,
    "cancelled": RunState.CANCELLED,
    "cancelled - ran too long": RunState.FAILED,
}


def poll_of(job: Mapping[str, Any]) -> Poll:
    """How a job stands. Raises AnswerUnreadable where it is told in other words."""
    try:
        state = job["state"]
        word, reason, code = str(state["status"]), str(state.get("reason") or ""), state.get("reason_code")
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerUnreadable(f"IBM Quantum tells of a job in other words: {error!r}") from error
    found = STATES.get(word.lower(), RunState.UNKNOWN)
    if found is RunState.CANCELLED and code == RAN_TOO_LONG:
        found = RunState.FAILED
    words = f"{word} {reason}".strip() if found.final or found is RunState.UNKNOWN else word
    if found is not RunState.FAILED:
        return Poll(found, detail=words)
    code = RAN_TOO_LONG if code is None and "too long" in word.lower() else code
    row = BY_REASON.get(code, FAILED) if isinstance(code, int) else FAILED
    told = None if code is None else str(code)
    return Poll(found, None, None, words, row.code, row.action, told, str(state.get("reason_solution") or row.advice))
