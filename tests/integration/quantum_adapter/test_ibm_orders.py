"""Orders at IBM's cloud on loopback, through real processes and a real ledger: paid once, whoever carries them on."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts.channels import queued
from queuebit_contracts.events import (
    ExecutionFailed,
    ExecutionProgressed,
    ExecutionSucceeded,
    JobQueued,
)
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.discovery import Found
from queuebit_quantum_adapter.providers.ibm.offer import backends
from queuebit_quantum_adapter.shell import app
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.manifest import decode_manifest
from queuebit_store.artifacts.opening import artifacts_from
from queuebit_store.postgres import PostgresSettings
from queuebit_store.submissions.port import SubmissionState
from queuebit_workbench.clouds.ibm.server import Server, started
from tests.contract.store.fixtures import empty_settings, postgres_store, settings
from tests.integration.quantum_adapter.adapters_at_work import WAIT_S, Adapters, adapters
from tests.unit.quantum_adapter.models import a_maxcut, an_attempt, an_order

__all__ = ["adapters", "empty_settings", "postgres_store", "settings"]

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

JOBS = "/experimental/jobs"


@pytest.fixture
def cloud(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A cloud, and the environment that leads processes to it, to the ledger and to the artifacts."""
    server = started()
    ours = {"QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace}
    ours["QUEUEBIT_ARTIFACTS"] = str(tmp_path / "artifacts")
    for name, value in {**server.env(), **ours}.items():
        monkeypatch.setenv(name, value)
    env = {"QUEUEBIT_IBM_BACKENDS": "fake_manila", "QUEUEBIT_IBM_LAG_S": "1"}
    monkeypatch.setattr(app, "discover", lambda *_: Found(backends(env)))
    yield server
    server.close()


def a_quantum(number: int = 1, **params: Any) -> JobQueued:
    params = {"layers": 1, "shots": 200, **params}
    return an_order(a_maxcut(4), lane="quantum", params=params, budget_s=WAIT_S, number=number)


async def test_while_it_is_queued_nothing_is_held_and_another_adapter_carries_it_on(
    cloud: Server, adapters: Adapters
) -> None:
    cloud.cloud.behaviour.queue_s = 3600.0
    order = a_quantum()
    adapters.send(order)
    await adapters.until(lambda: any("queued" in sign.detail for sign in adapters.told(ExecutionProgressed)))

    assert adapters.broker.lag("quantum-adapter.interactive", queued("quantum", order.tier)) == 0
    assert await adapters.pool.run("operator:is_not", None, timeout_s=WAIT_S), "its only process does other things"
    sign = adapters.told(ExecutionProgressed)[-1]
    assert (sign.attempt_id, sign.next_within_s >= 1.0, "queued" in sign.detail) == (order.attempt_id, True, True)
    await adapters.begin()
    await adapters.end()
    cloud.cloud.behaviour.queue_s = 0.0
    for row in await adapters.store.list_submissions(limit=9):
        await adapters.store.hurry_submission(row.key)
    await adapters.until(lambda: adapters.told(ExecutionSucceeded))
    adapters.send(order)
    await adapters.until(lambda: not adapters.broker.lag("quantum-adapter.interactive", queued("quantum", order.tier)))

    (outcome,) = adapters.told(ExecutionSucceeded)
    (row,) = await adapters.store.list_submissions(limit=9)
    assert (len(cloud.cloud.jobs), row.state, row.attempt_id) == (1, SubmissionState.CONCLUDED, an_attempt())
    assert outcome.provenance["job"] == row.provider_id
    assert outcome.provenance["usage"]["status"] == "complete"
    assert outcome.usage.qpu_s == outcome.provenance["usage"]["qpu_s"] > 0
    artifacts = artifacts_from(os.environ, SystemClock().now)
    assert artifacts is not None
    manifest = decode_manifest(artifacts.get(outcome.artifacts.sha256))
    answer = manifest.item("POST /experimental/jobs answer")
    assert answer is not None
    assert json.loads(artifacts.get(str(answer.sha256)))["id"] == row.provider_id
    names = [item.name for item in manifest.items]
    assert {"round-0/counts.json", "journal.json", "ran.qpy", f"GET {JOBS}/{row.provider_id}/results answer"} <= {
        *names
    }
    assert [len(artifacts.get(str(item.sha256))) for item in manifest.items] == [item.bytes for item in manifest.items]


async def test_a_further_try_pays_nothing_for_what_a_lost_worker_has_handed_in(
    cloud: Server, adapters: Adapters
) -> None:
    cloud.cloud.behaviour.queue_s = 3600.0
    adapters.send(a_quantum(1))
    await adapters.until(lambda: cloud.cloud.jobs)

    cloud.cloud.behaviour.queue_s = 0.0
    adapters.send(a_quantum(2))
    await adapters.until(lambda: adapters.told(ExecutionSucceeded))

    assert [each.attempt_id for each in adapters.told(ExecutionSucceeded)] == [an_attempt(2)]
    assert len(cloud.cloud.jobs) == 1


async def test_what_nobody_wants_is_cancelled_at_the_provider(cloud: Server, adapters: Adapters) -> None:
    cloud.cloud.behaviour.queue_s = 3600.0
    order = a_quantum()
    adapters.send(order)
    await adapters.until(lambda: cloud.cloud.jobs and adapters.told(ExecutionProgressed))

    adapters.abandon(order)
    await adapters.until(lambda: adapters.told(ExecutionFailed))
    await adapters.until(lambda: {job.state for job in cloud.cloud.jobs.values()} == {"Cancelled"})

    (failed,) = adapters.told(ExecutionFailed)
    assert (failed.attempt_id, failed.code) == (order.attempt_id, FailureCode.CANCELLED)
    assert await adapters.store.list_attempts(limit=9) == []


async def test_rounds_follow_each_other_and_each_is_paid_once(cloud: Server, adapters: Adapters) -> None:
    adapters.send(a_quantum(method="trained", iterations=3))
    await adapters.until(lambda: adapters.told(ExecutionSucceeded) or adapters.told(ExecutionFailed))

    (outcome,) = adapters.told(ExecutionSucceeded)
    rows = await adapters.store.list_submissions(limit=99)
    assert len(cloud.cloud.jobs) == len(rows) == outcome.usage.shots // 200 > 3
    assert Counter(row.state for row in rows) == {SubmissionState.CONCLUDED: len(rows)}
