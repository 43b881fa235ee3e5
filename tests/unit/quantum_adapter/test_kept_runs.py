"""What ran is kept where that is wished for, by its hash: enough to run it again bit by bit."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from qiskit import qasm3, qpy

from queuebit_contracts.events import ExecutionSucceeded, JobQueued
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.providers.aer import ideal
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell import child
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Failed, Outcome, Task
from queuebit_quantum_adapter.submissions.codec import decode_request, decode_result, encode_counts
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_quantum_adapter.submissions.local import run_to_end
from queuebit_quantum_adapter.submissions.running import key_of, open_provider
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.artifacts.manifest import Manifest, decode_manifest
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf
from queuebit_store.errors import StoreUnavailable
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, a_task, an_order

BELL = """OPENQASM 3.0; include "stdgates.inc";
qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; rz(0.25) q[1]; h q[1]; c = measure q;"""
SAMPLED = Problem(kind="circuit_sampling", statement={"qasm": BELL, "shots": 500})


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> MemoryArtifacts:
    """Where this process keeps artifacts."""
    found = MemoryArtifacts(SystemClock().now)
    monkeypatch.setattr(child, "keeping_here", lambda *, paid: Keeping(found, Shelf.PAID if paid else Shelf.FREE))
    return found


def done(task: Task) -> Outcome:
    ended = child.attempt(replace(task, kept=True), lambda stage: None)
    assert isinstance(ended, Outcome)
    return ended


def listed(artifacts: MemoryArtifacts, outcome: Outcome | Failed) -> Manifest:
    assert outcome.artifacts is not None
    manifest = decode_manifest(artifacts.get(outcome.artifacts.sha256))
    assert len(manifest.items) == outcome.artifacts.count
    return manifest


def bytes_of(artifacts: MemoryArtifacts, manifest: Manifest, name: str) -> bytes:
    item = manifest.item(name)
    assert item is not None, name
    assert item.sha256 is not None
    return artifacts.get(item.sha256)


def test_circuits_and_counts_are_kept_in_forms_that_others_read(artifacts: MemoryArtifacts) -> None:
    task = a_task(SAMPLED)

    outcome = done(task)

    manifest = listed(artifacts, outcome)
    assert manifest.of == {"attempt_id": str(task.attempt_id), "backend": task.backend.name, "rounds": 1}
    names = [item.name.removeprefix("round-0/") for item in manifest.items]
    assert names == [
        "request.json",
        "counts.json",
        "result.json",
        "asked-0.qasm",
        "ran.qpy",
        "ran-0.qasm",
        "journal.json",
        "setting.json",
    ]
    (circuit,) = qpy.load(io.BytesIO(bytes_of(artifacts, manifest, "round-0/ran.qpy")))
    text = bytes_of(artifacts, manifest, "round-0/ran-0.qasm").decode()
    assert circuit.num_qubits == qasm3.loads(text).num_qubits == 2
    counts = json.loads(bytes_of(artifacts, manifest, "round-0/counts.json"))["counts"]
    assert {f"{int(bits, 16):02b}": count for bits, count in counts[0].items()} == outcome.answer["counts"]


@pytest.mark.parametrize("problem", [SAMPLED, a_maxcut(6)], ids=["samples", "an optimum"])
def test_a_rerun_gives_the_very_same_counts(artifacts: MemoryArtifacts, problem: Problem) -> None:
    """Given two attempts of one seed, in providers that know nothing of each other, then every round is equal bit by bit."""
    first = listed(artifacts, done(a_task(problem, layers=2, shots=300)))
    ideal.open_provider.cache_clear()

    again = listed(artifacts, done(a_task(problem, layers=2, shots=300)))

    assert again.of != first.of
    for name in [
        item.name for item in first.items if item.name.endswith(("counts.json", "request.json", ".qasm", ".qpy"))
    ]:
        assert bytes_of(artifacts, again, name) == bytes_of(artifacts, first, name), name


def test_what_is_kept_is_enough_to_run_it_again_by_itself(artifacts: MemoryArtifacts) -> None:
    """Given nothing but the bytes, then the backend gives the very same counts from the kept request."""
    task = a_task(a_maxcut(5), method="trained", iterations=4, layers=1, shots=200)
    manifest = listed(artifacts, done(task))

    rounds = [item.name for item in manifest.items if item.name.endswith("request.json")]

    assert len(rounds) == manifest.of["rounds"] > 1
    for number, name in enumerate(rounds):
        request = decode_request(bytes_of(artifacts, manifest, name))
        found = run_to_end(open_provider(task.backend), request, key_of(task.attempt_id, 100 + number), lambda: None)
        assert encode_counts(found) == bytes_of(artifacts, manifest, name.replace("request", "counts"))
        assert decode_result(bytes_of(artifacts, manifest, name.replace("request", "result"))).counts == found.counts


def test_what_the_backend_said_of_itself_is_kept_too(artifacts: MemoryArtifacts) -> None:
    task = a_task(SAMPLED)

    journal = Journal(bytes_of(artifacts, listed(artifacts, done(task)), "journal.json"))

    assert journal.get(f"capabilities:{task.backend.name}")["noise"] == "ideal"


def test_nothing_is_kept_where_nobody_wishes_it(artifacts: MemoryArtifacts) -> None:
    ended = child.attempt(a_task(SAMPLED), lambda stage: None)

    assert isinstance(ended, Outcome)
    assert (ended.artifacts, artifacts.kept) == (None, {})


def test_an_answer_is_given_where_nothing_can_be_kept(artifacts: MemoryArtifacts) -> None:
    def refuses(data: bytes, shelf: Shelf) -> str:
        raise StoreUnavailable(f"The disk is full of {shelf} and {len(data)} bytes.")

    artifacts.put = refuses  # type: ignore[method-assign]

    outcome = done(a_task(SAMPLED))

    assert (sum(outcome.answer["counts"].values()), outcome.artifacts) == (500, None)


@pytest.mark.parametrize(
    ("params", "keep_all", "kept"),
    [({}, False, False), ({"artifacts": True}, False, True), ({"artifacts": False}, True, True), ({}, True, True)],
)
def test_who_says_what_is_kept(params: dict[str, Any], keep_all: bool, kept: bool) -> None:
    executor = QuantumExecutor(
        InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w", keep_all=keep_all
    )

    assert executor.task_of(an_order(SAMPLED, params=params)).kept is kept


def test_the_event_refers_to_what_is_kept(artifacts: MemoryArtifacts) -> None:
    executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")
    outcome, clock = done(a_task(SAMPLED)), SystemClock()
    order: JobQueued = an_order(SAMPLED)

    told = executor.succeeded(order, outcome, aer(LIMITS), clock.now(), 0.1)

    assert isinstance(told, ExecutionSucceeded)
    assert told.artifacts == outcome.artifacts
    assert artifacts.kept
