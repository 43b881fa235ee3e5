"""QRMI as a provider, on the cloud on loopback: its own verbs in a process with a deadline, and what they leave open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from queue import Queue
from typing import Any
from uuid import UUID

import pytest

from queuebit_circuits.operators import expectation
from queuebit_circuits.simulator import statevector
from queuebit_quantum_adapter.errors import (
    AdapterError,
    NoBackend,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RateLimited,
    SubmitRefused,
)
from queuebit_quantum_adapter.evidence.port import Exchange, Overheard
from queuebit_quantum_adapter.ports import RunState
from queuebit_quantum_adapter.providers.qrmi.offer import backends
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.http import Asked, Reply
from queuebit_workbench.clouds.ibm.cloud import Behaviour, Refused
from queuebit_workbench.clouds.ibm.server import Server, started

pytest.importorskip("qrmi", reason="the extra `qrmi` is not installed")
pytest.importorskip("qiskit_ibm_runtime", reason="the extra `qrmi` is not installed")

from queuebit_quantum_adapter.providers.qrmi.asking import Said
from queuebit_quantum_adapter.providers.qrmi.provider import QrmiProvider, _refusal
from tests.contract.provider.ibm_asked import JOBS, OBSERVABLE, REQUEST, STATE, asked
from tests.contract.provider.patience import PATIENCE_S
from tests.waiting import wait_until

KEY = UUID(int=7)
RESOURCE = "fake_manila"
DEADLINE_S = 2.0
"""Of whoever is to find that nobody answers."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Server, QrmiProvider]]:
    server = started(RESOURCE)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.env_of_qrmi(RESOURCE).items():
            patch.setenv(name, value)
        yield server, QrmiProvider(resource=RESOURCE, lag_s=1.0, deadline_s=PATIENCE_S)
    server.close()


@pytest.fixture
def server(both: tuple[Server, QrmiProvider]) -> Iterator[Server]:
    """A cloud that has nothing and does nothing wrong yet."""
    found = both[0]
    found.cloud.jobs.clear()
    yield found
    found.site.faults.table, found.site.faults.without = [], ()
    found.cloud.behaviour = Behaviour()


@pytest.fixture
def provider(both: tuple[Server, QrmiProvider]) -> QrmiProvider:
    return both[1]


def sent(provider: QrmiProvider) -> tuple[str, str]:
    """The task, and its batch."""
    fence = provider.fence(KEY)
    assert fence is not None
    return provider.submit(REQUEST, KEY, fence), fence


def ended(provider: QrmiProvider, task: str) -> RunState:
    wait_until(lambda: provider.poll(task).state.final, "the task ended")
    return provider.poll(task).state


def test_outcomes_are_those_of_the_program_and_say_what_they_cost(server: Server, provider: QrmiProvider) -> None:
    task, fence = sent(provider)

    assert ended(provider, task) is RunState.SUCCEEDED
    found = provider.result(task)

    assert [sum(counts.values()) for counts in found.counts] == [50, 50]
    assert found.counts[0].get(0b11, 0) < 15 < 35 < found.counts[1].get(0b11, 0)
    assert found.record["usage"] == {"qpu_s": 1, "status": "complete"}
    job = server.cloud.jobs[task]
    assert (job.session_id, job.tags, job.program) == (fence, [], "executor")


def test_values_are_estimated_and_corrected(server: Server, provider: QrmiProvider) -> None:
    request = asked("trex", shots=2048)
    provider.preflight(request)
    task = provider.submit(request, KEY, provider.fence(KEY))

    assert ended(provider, task) is RunState.SUCCEEDED
    found = provider.result(task)

    (value,), (told,) = found.values, found.estimated
    assert abs(value - expectation(statevector(STATE), OBSERVABLE)) < 5 * told.std_error + 0.03
    assert told.raw < value
    assert set(found.record["mitigation"]) == {"trex", "twirling"}


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault("POST", JOBS, "after", status=503, times=None), 1),
        (Fault("POST", JOBS, "after", drop=True, times=None), 1),
        (Fault("POST", JOBS, "before", status=500, times=None), 0),
        (Fault("POST", JOBS, "before", drop=True), 0),
    ],
    ids=["503 after accept", "dropped after accept", "500 before", "dropped before"],
)
def test_a_lost_answer_is_no_refusal_and_is_found_in_its_batch(
    server: Server, provider: QrmiProvider, fault: Fault, accepted: int
) -> None:
    fence = provider.fence(KEY)
    server.site.faults.table = [fault]

    with pytest.raises(Exception) as lost:
        provider.submit(REQUEST, KEY, fence)

    assert not (isinstance(lost.value, AdapterError) and lost.value.unsent)
    assert len(server.cloud.jobs) == accepted
    assert provider.reconcile(KEY, fence) == tuple(server.cloud.jobs)


def test_what_hangs_is_over_at_the_deadline_and_bounces_behind_the_closed_batch(
    server: Server, provider: QrmiProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QRMI itself would wait for ever: its process is ended, and the next verb has a new one."""
    bounced: Queue[int] = Queue()
    answer = server.answer

    def told(request: Asked) -> Reply:
        try:
            return answer(request)
        except Refused as error:
            if request.method == "POST" and JOBS in request.path:
                bounced.put(error.status)
            raise

    monkeypatch.setattr(server, "answer", told)
    fence = provider.fence(KEY)
    assert fence is not None
    impatient = QrmiProvider(resource=RESOURCE, lag_s=1.0, deadline_s=DEADLINE_S)
    server.site.faults.table = [Fault("POST", JOBS, "before", hang_s=DEADLINE_S + 4)]

    with pytest.raises(Exception) as late:
        impatient.submit(REQUEST, KEY, fence)
    provider.close(fence)

    assert not (isinstance(late.value, AdapterError) and late.value.unsent)
    assert 400 <= bounced.get(timeout=60) < 500
    assert (server.cloud.jobs, provider.reconcile(KEY, fence)) == ({}, ())
    with pytest.raises(NotSent, match="batch is closed"):
        provider.submit(REQUEST, KEY, fence)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, SubmitRefused), (401, NotAuthorised), (429, RateLimited)], ids=["400", "401", "429"]
)
def test_a_refusal_in_so_many_words_says_that_nothing_was_taken(
    server: Server, provider: QrmiProvider, status: int, kind: type[AdapterError]
) -> None:
    fence = provider.fence(KEY)
    body = {"errors": [{"code": 1000, "message": "no", "solution": "", "more_info": ""}]}
    server.site.faults.table = [Fault("POST", JOBS, status=status, body=body, times=None)]

    with pytest.raises(kind) as refused:
        provider.submit(REQUEST, KEY, fence)

    assert refused.value.unsent
    assert server.cloud.jobs == {}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Queued", RunState.QUEUED),
        ("Running", RunState.RUNNING),
        ("Completed", RunState.SUCCEEDED),
        ("Failed", RunState.FAILED),
        ("Cancelled", RunState.CANCELLED),
        ("Cancelled - Ran too long", RunState.FAILED),
        ("Defragmenting", RunState.UNKNOWN),
    ],
)
def test_a_word_that_qrmi_cannot_read_is_looked_up_and_is_not_a_failure(
    server: Server, provider: QrmiProvider, word: str, state: RunState
) -> None:
    task, _ = sent(provider)
    server.cloud.behaviour = Behaviour(state=word)

    assert provider.poll(task).state is state


def test_a_task_that_was_purged_is_not_failed_and_one_without_words_neither(
    server: Server, provider: QrmiProvider
) -> None:
    task, _ = sent(provider)
    server.site.faults.without = ("state", "status")
    with pytest.raises(ProviderUnavailable):
        provider.poll(task)
    server.site.faults.without = ()

    server.cloud.jobs.clear()

    assert provider.poll(task).state is RunState.UNKNOWN


def test_a_list_that_lags_or_speaks_in_other_words_is_not_an_empty_one(server: Server, provider: QrmiProvider) -> None:
    task, fence = sent(provider)
    server.cloud.behaviour = Behaviour(lag_s=60.0)
    assert provider.reconcile(KEY, fence) == ()
    server.cloud.behaviour = Behaviour()
    assert provider.reconcile(KEY, fence) == (task,)
    for missing in ("jobs", "count", "id", "created"):
        server.site.faults.without = (missing,)
        with pytest.raises(ProviderUnavailable):
            provider.reconcile(KEY, fence)


def test_what_waits_can_be_stopped_and_what_ended_stays_ended(server: Server, provider: QrmiProvider) -> None:
    done, _ = sent(provider)
    assert ended(provider, done) is RunState.SUCCEEDED
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    waits, _ = sent(provider)

    for task in (waits, waits, done, "elsewhere"):
        provider.cancel(task)

    assert [provider.poll(task).state for task in (waits, done)] == [RunState.CANCELLED, RunState.SUCCEEDED]


def test_a_resource_without_its_variables_is_named(server: Server) -> None:
    env: dict[str, Any] = {**os.environ, "QUEUEBIT_QRMI_RESOURCES": "elsewhere"}

    with pytest.raises(NoBackend, match="elsewhere_QRMI_IBM_QCS_ENDPOINT is not set"):
        backends(env)
    (spec,) = backends({**env, "QUEUEBIT_QRMI_RESOURCES": RESOURCE})
    assert (spec.name, spec.lane, spec.durable) == ("qrmi_fake_manila", "quantum", True)
    assert "loopback" not in str(spec)


def test_what_qrmi_is_told_and_tells_of_a_task_is_heard_and_no_key_of_the_account(
    server: Server, provider: QrmiProvider
) -> None:
    assert isinstance(provider, Overheard)
    heard: list[Exchange] = []

    provider.overhear(heard.append)
    try:
        task, fence = sent(provider)
    finally:
        provider.overhear(None)

    assert [each.name for each in heard] == ["qrmi acquire", "qrmi task_start"]
    assert f"queuebit:{KEY}".encode() in heard[1].request
    assert task.encode() in (heard[1].answer or b"")
    assert fence.encode() in (heard[0].answer or b"")
    assert not any(b"apikey" in each.request for each in heard)


@pytest.mark.parametrize(
    "words", ["error sending request for url (http://127.0.0.1:429/jobs)", "job c429 429: timed out"]
)
def test_a_number_in_other_words_is_no_refusal(words: str) -> None:
    assert _refusal(Said("QrmiError_", words)) is None


def test_a_provider_that_takes_too_many_is_not_asked_twice(server: Server, provider: QrmiProvider) -> None:
    """Its client repeats no submission: what is told as a refusal is the answer to the only request."""
    server.site.faults.table = [Fault("POST", JOBS, "after", status=429, times=None)]

    with pytest.raises(RateLimited):
        sent(provider)

    assert len(server.cloud.jobs) == 1
