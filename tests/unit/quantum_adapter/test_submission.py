"""Intent, submission, record: never twice under one key, whatever is lost on the way."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.errors import ProviderUnavailable, Stopped, SubmitRefused, SubmitUnknown
from queuebit_quantum_adapter.ports import (
    Capabilities,
    Entry,
    FreeLedger,
    Poll,
    Preflight,
    Recovery,
    Request,
    Result,
    RunState,
)
from queuebit_quantum_adapter.submissions.ledger import run_to_end, submit_once
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

    def reconcile(self, key: UUID, fence: str | None) -> tuple[str, ...]:
        self._journal.append("reconcile")
        return (self._known[key],) if key in self._known else ()


class RememberingLedger:
    """Keeps intents and records in memory."""

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self._entries: dict[UUID, str | None] = {}

    def intend(self, key: UUID, backend: str) -> Entry:
        self._journal.append("intend")
        entry = Entry(key not in self._entries, self._entries.get(key))
        self._entries.setdefault(key, None)
        return entry

    def record(self, key: UUID, provider_id: str) -> None:
        self._journal.append("record")
        self._entries[key] = provider_id


def test_the_intent_comes_before_the_submission_and_the_record_after() -> None:
    journal: list[str] = []

    provider_id = submit_once(ScriptedProvider(journal), RememberingLedger(journal), a_submission(), KEY)

    assert (provider_id, journal) == ("id-0", ["intend", "submit", "record"])


def test_a_repeat_takes_the_recorded_id_and_sends_nothing() -> None:
    journal: list[str] = []
    provider, ledger = ScriptedProvider(journal), RememberingLedger(journal)

    first = submit_once(provider, ledger, a_submission(), KEY)
    second = submit_once(provider, ledger, a_submission(), KEY)

    assert second == first
    assert journal.count("submit") == 1


@pytest.mark.parametrize("fault", [SubmitUnknown(), ProviderUnavailable(), KeyError("id"), OSError("reset")])
def test_whatever_is_raised_after_the_send_is_looked_up(fault: Exception) -> None:
    journal: list[str] = []

    provider_id = submit_once(ScriptedProvider(journal, fault=fault), RememberingLedger(journal), a_submission(), KEY)

    assert (provider_id, journal) == ("id-0", ["intend", "submit", "reconcile", "record"])


def test_what_cannot_be_found_stays_unknown_and_is_looked_up_first_the_next_time() -> None:
    journal: list[str] = []
    ledger = RememberingLedger(journal)
    with pytest.raises(SubmitUnknown):
        submit_once(ScriptedProvider(journal, fault=SubmitUnknown(), taken=False), ledger, a_submission(), KEY)
    journal.clear()

    submit_once(ScriptedProvider(journal), ledger, a_submission(), KEY)

    assert journal == ["intend", "reconcile", "submit", "record"]


def test_a_refusal_is_passed_on_and_nothing_is_recorded() -> None:
    journal: list[str] = []

    with pytest.raises(SubmitRefused):
        submit_once(
            ScriptedProvider(journal, fault=SubmitRefused(), taken=False),
            RememberingLedger(journal),
            a_submission(),
            KEY,
        )

    assert journal == ["intend", "submit"]


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
        run_to_end(SlowProvider(journal), FreeLedger(), a_submission(), KEY, stop)
    assert journal == ["submit", "poll id-0", "cancel id-0"]


@pytest.mark.parametrize(("taken", "then"), [(True, ["cancel id-0"]), (False, [])])
def test_what_is_stopped_while_it_is_handed_in_is_looked_up_and_cancelled(taken: bool, then: list[str]) -> None:
    journal: list[str] = []
    provider = SlowProvider(journal, fault=Stopped(), taken=taken)  # type: ignore[arg-type]
    with pytest.raises(Stopped):
        run_to_end(provider, FreeLedger(), a_submission(), KEY, stop)
    assert journal == ["submit", "reconcile", *then]
