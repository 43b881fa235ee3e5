"""What runs in this process: it is waited for, and cancelled where nobody wants it any more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.errors import Stopped
from queuebit_quantum_adapter.ports import (
    Capabilities,
    Poll,
    Preflight,
    Recovery,
    Request,
    Result,
    RunState,
)
from queuebit_quantum_adapter.submissions.local import run_to_end
from tests.unit.quantum_adapter.models import an_attempt, an_ising

KEY = an_attempt()


def a_submission() -> Request:
    ising = an_ising(2, 1)
    return Request((qaoa_circuit(ising, linear_ramp(ising, 1)),), (1,), 10)


class ScriptedProvider:
    """Takes submissions; `answer` says whether the caller hears of it, and `taken` whether it can be found."""

    def __init__(self, journal: list[str], *, fault: Exception | None = None, taken: bool = True) -> None:
        self._journal = journal
        self._fault = fault
        self._taken = taken
        self._known: dict[UUID, str] = {}

    def capabilities(self) -> Capabilities:
        return Capabilities("scripted", "1", "quantum", 5, 100, "ideal", recovery=Recovery.SEARCH)

    def discover(self) -> tuple[Capabilities, ...]:
        raise AssertionError("nobody asks for this")

    def preflight(self, request: Request) -> Preflight:
        raise AssertionError("nobody asks for this")

    def fence(self, key: UUID) -> str | None:
        return None

    def close(self, fence: str) -> None:
        raise AssertionError("nobody asks for this")

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        self._journal.append("submit")
        if self._taken:
            self._known[key] = f"id-{len(self._known)}"
        if self._fault is not None:
            raise self._fault
        return self._known[key]

    def poll(self, provider_id: str) -> Poll:
        raise AssertionError("nobody asks for this")

    def result(self, provider_id: str) -> Result:
        raise AssertionError("nobody asks for this")

    def cancel(self, provider_id: str) -> None:
        raise AssertionError("nobody asks for this")

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:
        self._journal.append("reconcile")
        return (self._known[key],) if key in self._known else ()


class SlowProvider(ScriptedProvider):
    """Never ends by itself."""

    def poll(self, provider_id: str) -> Poll:
        self._journal.append(f"poll {provider_id}")
        return Poll(RunState.RUNNING)

    def cancel(self, provider_id: str) -> None:
        self._journal.append(f"cancel {provider_id}")


def stop() -> None:
    raise Stopped


def test_what_is_stopped_while_it_runs_is_cancelled_at_the_provider() -> None:
    journal: list[str] = []
    with pytest.raises(Stopped):
        run_to_end(SlowProvider(journal), a_submission(), KEY, stop)
    assert journal == ["submit", "poll id-0", "cancel id-0"]


@pytest.mark.parametrize(("taken", "then"), [(True, ["cancel id-0"]), (False, [])])
def test_what_is_stopped_while_it_is_handed_in_is_looked_up_and_cancelled(taken: bool, then: list[str]) -> None:
    journal: list[str] = []
    provider = SlowProvider(journal, fault=Stopped(), taken=taken)  # type: ignore[arg-type]
    with pytest.raises(Stopped):
        run_to_end(provider, a_submission(), KEY, stop)
    assert journal == ["submit", "reconcile", *then]
