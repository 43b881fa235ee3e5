"""Orders at IBM's cloud on loopback, through real processes and a real ledger: paid once, whoever asks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.ibm.offer import backends
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.follower import Follower
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from queuebit_workbench.clouds.ibm.server import Server, started
from tests.contract.store.fixtures import empty_settings, postgres_store, settings
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_attempt, an_order

__all__ = ["empty_settings", "postgres_store", "settings"]

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

WAIT_S = 120.0
CIRCUIT = Circuit(1, (Register("c", 1),), (Gate("h", (0,)), Measure(0, 0)))


@pytest.fixture
def cloud(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A cloud, and the environment that leads processes to it and to the ledger."""
    server = started()
    ours = {"QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace}
    for name, value in {**server.env(), **ours}.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    processes = ProcessPool(1, 2048)
    yield processes
    await processes.close()


async def test_an_order_is_paid_once_however_often_it_is_delivered_and_what_nobody_waits_for_is_followed(
    cloud: Server, postgres_store: PostgresStore, pool: ProcessPool
) -> None:
    (spec,) = backends({"QUEUEBIT_IBM_BACKENDS": "fake_manila", "QUEUEBIT_IBM_LAG_S": "1"})
    clock = SystemClock()
    follower = Follower(pool, [spec], clock, interval_s=0.1)
    executor = QuantumExecutor(pool, Backends([spec]), LIMITS, clock, worker="w", follower=follower)
    order = an_order(a_maxcut(4), lane="quantum", params={"layers": 1, "shots": 200}, budget_s=WAIT_S)

    told: list[ExecutionSucceeded | ExecutionFailed] = [
        await executor.run(order, lambda _: None, asyncio.Event()) for _ in range(2)
    ]

    first, again = told
    assert isinstance(first, ExecutionSucceeded), first
    assert isinstance(again, ExecutionSucceeded), again
    assert (again.answer, again.provenance["counts_fingerprint"]) == (
        first.answer,
        first.provenance["counts_fingerprint"],
    )
    assert first.provenance["usage"]["status"] == "complete"
    assert len(cloud.cloud.jobs) == 1
    (row,) = await postgres_store.list_submissions(limit=10)
    assert (row.state, row.attempt_id, row.provider_id) == (
        SubmissionState.CONCLUDED,
        an_attempt(),
        first.provenance["job"],
    )

    request = encode_request(Request((Bound(CIRCUIT),), (1,), 10))
    key = UUID(int=77)
    await postgres_store.intend(NewSubmission(key, UUID(int=78), 0, spec.name, request, hash_of(request)))
    stop = asyncio.Event()
    following = asyncio.ensure_future(follower.run(stop))
    async with asyncio.timeout(WAIT_S):
        while await postgres_store.submission_result(key) is None:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.05)
    stop.set()
    await following

    assert len(cloud.cloud.jobs) == 2
