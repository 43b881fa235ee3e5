"""The shadow of the quantum adapter: answered from what is kept, with nothing sent, and each change in it is found out."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Problem
from queuebit_operations.replaying.answers import Answered, answered_again
from queuebit_operations.replaying.services import ADAPTER, installed_handlers
from queuebit_operations.scan.port import Stream
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell import child, shadow
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Outcome
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_verdict
from tests.fakes.histories import as_rows, tell_jobs
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut

OTHERWISE = (
    "AskedOtherwise: It asks about circuits, seeds or shots that nobody asked about then: the record holds no answer."
)
NUMBERS = count(1)
"""A job of its own each: Aer keeps its last results by the keys that jobs derive."""
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
SAMPLED = Problem(kind="circuit_sampling", statement={"qasm": BELL, "shots": 300})
ASKED: dict[str, Any] = {"lane": "simulator", "qubits": 5, "seed": 7}


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> MemoryArtifacts:
    found = MemoryArtifacts(SystemClock().now)
    monkeypatch.setattr(child, "keeping_here", lambda *, paid: Keeping(found, Shelf.PAID if paid else Shelf.FREE))
    monkeypatch.setattr(shadow, "artifacts_here", lambda: found)
    return found


async def rows_of(number: int, then: list[Any], problem: Problem, params: dict[str, Any]) -> Stream:
    store = MemoryStore()
    (job,) = await tell_jobs(store, [number], then=then, problem=problem, params=params, **ASKED)
    return Stream(job, None, as_rows((await store.load([job]))[job]))


async def a_stream(problem: Problem, **params: Any) -> Stream:
    """A job that really ran on Aer, with what ran kept."""
    params, number = {"artifacts": True, **params}, next(NUMBERS)
    begun = await rows_of(number, [], problem, params)
    (queued,) = (row for row in begun.events if row.type == "JobQueued")
    order = ev.JobQueued.model_validate_json(queued.data)
    executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w1")
    ended = child.attempt(executor.task_of(order), lambda stage: None)
    assert isinstance(ended, Outcome), ended
    answer = executor.succeeded(order, ended, aer(LIMITS), NOW, 0.1)
    started = ev.JobStarted(attempt_id=order.attempt_id, leg=order.leg, worker="w1", started_at=NOW)
    verdict = a_verdict(order.leg, attempt_id=order.attempt_id, objective=answer.objective)
    return await rows_of(number, [started, answer, verdict], problem, params)


def again(stream: Stream) -> Answered:
    return answered_again(stream, installed_handlers([ADAPTER]))


KEPT = [
    (SAMPLED, {}),
    (a_maxcut(5), {"layers": 2, "shots": 200}),
    (a_maxcut(5), {"method": "trained", "iterations": 4, "layers": 1, "shots": 200}),
    (a_maxcut(6), {"method": "rqaoa", "layers": 1, "shots": 200}),
]


@pytest.mark.parametrize(("problem", "params"), KEPT, ids=["samples", "lr", "trained", "rqaoa"])
async def test_the_same_code_says_the_same_and_sends_nothing(
    artifacts: MemoryArtifacts, problem: Problem, params: dict[str, Any]
) -> None:
    stream = await a_stream(problem, **params)
    before = dict(artifacts.kept)

    result = again(stream)

    assert (result.divergences, result.handled, artifacts.kept) == ([], {ADAPTER: 1}, before)


async def test_other_circuits_are_a_difference_for_the_record_has_no_answer(
    artifacts: MemoryArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await a_stream(SAMPLED)
    other = "queuebit_quantum_adapter.pipelines.measurement_device.seeds_of"
    monkeypatch.setattr(other, lambda circuits, seed: [seed + 1] * len(circuits))

    (found,) = again(stream).divergences

    assert (found.service, found.kind, found.name) == (ADAPTER, "failed", "ExecutionSucceeded")
    assert found.candidate == OTHERWISE


async def test_another_depth_asks_the_provider_what_nobody_asked_it(
    artifacts: MemoryArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await a_stream(a_maxcut(5), shots=200)
    monkeypatch.setattr("queuebit_quantum_adapter.pipelines.planning.LAYERS", 2)
    monkeypatch.setattr("queuebit_quantum_adapter.pipelines.planning.LAYERS_LEAST", 2)

    (found,) = again(stream).divergences

    assert (found.service, found.kind, found.candidate) == (ADAPTER, "failed", OTHERWISE)


async def test_what_is_made_of_the_same_counts_is_compared_field_by_field(
    artifacts: MemoryArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await a_stream(a_maxcut(5), layers=1, shots=200)
    real = frame.run

    def worse(*arguments: Any) -> Outcome:
        outcome = real(*arguments)
        evidence = {**outcome.evidence, "feasible_fraction": 0.5}
        return replace(outcome, objective=-1, evidence=evidence, method="another")

    monkeypatch.setattr(frame, "run", worse)

    found = again(stream).divergences

    assert {(each.path, each.kind) for each in found} == {
        ("/objective", "value"),
        ("/evidence/feasible_fraction", "evidence"),
        ("/ran/method", "label"),
    }


async def test_what_is_not_kept_is_not_compared(artifacts: MemoryArtifacts) -> None:
    kept, plain = await a_stream(SAMPLED), await a_stream(SAMPLED, artifacts=False)
    artifacts.kept.clear()

    for stream in (kept, plain):
        result = again(stream)
        assert (result.divergences, result.not_comparable) == ([], {ADAPTER: 1})
