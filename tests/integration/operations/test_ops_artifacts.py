"""What is kept of a job, through the command line: listed, fetched, sealed in a capsule, and run again in the shadow."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Problem
from queuebit_operations.replaying.services import ADAPTER
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.evidence import keeping
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell import child
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Outcome
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_verdict
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World
from tests.unit.quantum_adapter.models import LIMITS

BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
ASKED: dict[str, Any] = {
    "problem": Problem(kind="circuit_sampling", statement={"qasm": BELL, "shots": 300}),
    "params": {"artifacts": True},
    "lane": "simulator",
    "qubits": 2,
    "seed": 7,
}


async def a_kept_job(store: Any) -> tuple[str, dict[str, int]]:
    """A job that really ran on Aer, stored as the services leave it, and its counts."""
    drafts = MemoryStore()
    (job_id,) = await tell_jobs(drafts, [41], then=[], **ASKED)
    (queued,) = (row for row in (await drafts.load([job_id]))[job_id] if row.type == "JobQueued")
    order = ev.JobQueued.model_validate_json(queued.data)
    executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w1")
    outcome = child.attempt(executor.task_of(order), lambda stage: None)
    assert isinstance(outcome, Outcome), outcome
    answer = executor.succeeded(order, outcome, aer(LIMITS), NOW, 0.1)
    started = ev.JobStarted(attempt_id=order.attempt_id, leg=order.leg, worker="w1", started_at=NOW)
    verdict = a_verdict(order.leg, attempt_id=order.attempt_id, objective=None)
    await tell_jobs(store, [41], then=[started, answer, verdict], **ASKED)
    return str(job_id), outcome.answer["counts"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where artifacts are kept, of this process too."""
    folder = str(tmp_path / "artifacts")
    monkeypatch.setenv("QUEUEBIT_ARTIFACTS", folder)
    keeping.artifacts_here.cache_clear()
    return folder


async def test_what_is_kept_is_listed_fetched_and_sealed(ops: Ops, world: World, place: str, tmp_path: Path) -> None:
    job, counts = await a_kept_job(world.store)
    out = tmp_path / "counts.json"

    listed = await ops("jobs", "artifacts", job, "--json", QUEUEBIT_ARTIFACTS=place)
    words = await ops("jobs", "artifacts", job, QUEUEBIT_ARTIFACTS=place)
    said = await ops(
        "jobs", "artifacts", job, "--fetch", "round-0/counts.json", "--out", str(out), QUEUEBIT_ARTIFACTS=place
    )
    sealed = await ops(
        "export", job, "--capsule", "--out", str(tmp_path / "job.capsule"), "--json", QUEUEBIT_ARTIFACTS=place
    )

    (attempt,) = listed.document["attempts"]
    item = next(each for each in attempt["items"] if each["name"] == "round-0/counts.json")
    assert (listed.code, words.code, said.code, sealed.code) == (0, 0, 0, 0), (words.err, said.err, sealed.err)
    assert hashlib.sha256(out.read_bytes()).hexdigest() == item["sha256"]
    assert sum(json.loads(out.read_text())["counts"][0].values()) == sum(counts.values())
    assert f"{item['sha256']}" in words.out
    assert sealed.document["id"].startswith("mqc:1:")
    assert (tmp_path / "job.capsule").stat().st_size > 1_000


async def test_what_is_not_there_is_said_with_a_remedy(ops: Ops, world: World, place: str) -> None:
    job, _ = await a_kept_job(world.store)
    (plain,) = await tell_jobs(world.store, [42])

    missing = await ops("jobs", "artifacts", job, "--fetch", "round-9/counts.json", QUEUEBIT_ARTIFACTS=place)
    nothing = await ops("jobs", "artifacts", str(plain), QUEUEBIT_ARTIFACTS=place)
    nowhere = await ops("jobs", "artifacts", job, QUEUEBIT_ARTIFACTS="")
    gone = await ops("jobs", "artifacts", job, QUEUEBIT_ARTIFACTS=f"{place}-elsewhere")
    wrong = await ops("export", job, "--capsule", QUEUEBIT_ARTIFACTS=place)

    assert [said.code for said in (missing, nothing, nowhere, wrong)] == [3, 3, 3, 2]
    assert gone.code != 0
    assert "Give a name or a hash from the list" in missing.err
    assert "--param artifacts=true" in nothing.err
    assert "QUEUEBIT_ARTIFACTS is not set" in nowhere.err
    assert "There is no artifact" in gone.err
    assert "A capsule is of one job, and a file." in wrong.err


async def test_the_shadow_goes_through_it_again_and_sends_nothing(ops: Ops, world: World, place: str) -> None:
    await a_kept_job(world.store)

    said = await ops("replay", "shadow", "--service", ADAPTER, "--no-topics", "--json", QUEUEBIT_ARTIFACTS=place)

    assert (said.code, said.document["differing"]) == (0, 0), said.out + said.err
    assert said.document["services"] == {ADAPTER: {"handled": 1, "not_comparable": 0}}
