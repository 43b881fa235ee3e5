"""IBM's cloud stops answering in the middle: how soon that is seen through the unmodified client, and what goes on."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AnswerUnreadable, ProviderUnavailable
from queuebit_quantum_adapter.ports import Provider
from queuebit_quantum_adapter.providers.ibm.client import READ_S
from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.following import advance
from queuebit_quantum_adapter.submissions.running import within
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.ibm.cloud import Behaviour
from queuebit_workbench.clouds.ibm.server import Server
from tests.contract.provider.ibm_on_loopback import REQUEST, both, sent, server

__all__ = ["both", "server"]

SPEC = BackendSpec("fake_manila", "1", "quantum", "nowhere:open", 5, durable=True)
OUTAGE_S = 20.0
DATA = encode_request(REQUEST)


def hangs() -> list[Fault]:
    return [Fault(method, ".*", hang_s=3 * OUTAGE_S, times=None) for method in ("GET", "POST", "PATCH", "DELETE")]


async def intended(store: MemoryStore, number: int) -> UUID:
    key = UUID(int=300 + number)
    await store.intend(NewSubmission(key, UUID(int=number + 1), 0, SPEC.name, DATA, hash_of(DATA), UUID(int=50)))
    return key


async def row_of(store: MemoryStore, key: UUID) -> Submission:
    row = await store.submission(key)
    assert row is not None
    return row


async def test_a_cloud_that_hangs_is_left_within_twenty_seconds_and_what_it_has_stays_there(
    server: Server, both: tuple[Server, IbmProvider]
) -> None:
    provider: Provider = IbmProvider(backend="fake_manila", lag_s=1.0, deadline_s=30.0)
    store = MemoryStore(MemoryDatabase(time.monotonic))

    async def opened() -> Any:
        return store

    server.cloud.behaviour = Behaviour(queue_s=600.0)
    taken = await intended(store, 0)
    while (await row_of(store, taken)).state is not SubmissionState.FOLLOWING:
        await advance(opened, SPEC, lambda: provider, poll_s=0.1)
    jobs = len(server.cloud.jobs)
    server.site.faults.table = hangs()
    began_s = time.monotonic()

    waiting = await intended(store, 1)
    while not (await row_of(store, waiting)).state.final:
        await advance(opened, SPEC, lambda: provider, poll_s=0.1)

    assert time.monotonic() - began_s < OUTAGE_S
    left = await row_of(store, waiting)
    assert (left.state, left.code, left.action, left.sent_at) == (
        SubmissionState.FAILED,
        FailureCode.BACKEND_UNAVAILABLE.value,
        "reroute",
        None,
    )
    assert (await row_of(store, taken)).state is SubmissionState.FOLLOWING
    assert len(server.cloud.jobs) == jobs


def test_what_hangs_is_asked_once_and_only_for_so_long(server: Server, both: tuple[Server, IbmProvider]) -> None:
    job, provider = sent(both[1]), both[1]
    asked = server.site.faults.table = hangs()

    began_s = time.monotonic()
    with pytest.raises(ProviderUnavailable) as silent:
        provider.poll(job)

    assert not isinstance(silent.value, AnswerUnreadable)
    assert time.monotonic() - began_s < 2 * READ_S
    assert asked


def test_a_result_that_cannot_be_read_is_an_answer(server: Server, both: tuple[Server, IbmProvider]) -> None:
    job = sent(both[1])
    server.site.faults.table = [Fault("GET", f".*/{job}/results", status=204, times=None)]

    with pytest.raises(AnswerUnreadable):
        both[1].result(job)


def test_whoever_cannot_be_opened_in_time_does_not_answer() -> None:
    """Given a client that knows no deadline, then whoever opens it does."""
    with pytest.raises(ProviderUnavailable, match="acme"):
        within(0.05, lambda: time.sleep(5.0), "acme")

    with pytest.raises(IndexError):
        within(5.0, lambda: [0][1], "acme")
    assert within(5.0, lambda: 1, "acme") == 1
