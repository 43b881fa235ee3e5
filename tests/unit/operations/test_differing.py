"""Two real runs of one question side by side: a repeat is known bit by bit, of any other what was run otherwise is named."""

from __future__ import annotations

from itertools import count

import pytest

from queuebit_contracts.events import ExecutionSucceeded, JobQueued, JobSubmitted
from queuebit_contracts.jobs import Problem
from queuebit_contracts.operators import Parent
from queuebit_domain.job.codec import read_event
from queuebit_operations.jobs.again import Changes, child_id, rerun
from queuebit_operations.jobs.differing import differences, identical
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.providers.aer.offer import aer, noisy_aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.memory import MemoryStore
from tests.fakes.histories import tell_jobs
from tests.unit.quantum_adapter.models import LIMITS, NOW, a_maxcut, an_order

BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
SAMPLED = Problem(kind="circuit_sampling", statement={"qasm": BELL, "shots": 300})
QUESTIONS = [SAMPLED, a_maxcut(4)]
NUMBERS = count(500)
IDEAL = aer(LIMITS)


def ran(problem: Problem, spec: BackendSpec = IDEAL, *, seed: int = 7, **params: int) -> ExecutionSucceeded:
    """An attempt of its own."""
    order = an_order(problem, number=next(NUMBERS), seed=seed, params={"layers": 1, "shots": 200, **params})
    executor = QuantumExecutor(InlinePool(), Backends([spec]), LIMITS, SystemClock(), worker="w1")
    outcome = frame.run(executor.task_of(order), lambda stage: None)
    return executor.succeeded(order, outcome, spec, NOW, 0.1)


@pytest.mark.parametrize("problem", QUESTIONS, ids=["samples", "an optimum"])
def test_a_repeat_differs_in_nothing(problem: Problem) -> None:
    first, second = ran(problem), ran(problem)

    assert (differences(first, second), identical(first, second)) == ([], True)
    assert first.provenance["run"] != second.provenance["run"]


@pytest.mark.parametrize("problem", QUESTIONS, ids=["samples", "an optimum"])
def test_another_seed_is_named_and_nothing_else(problem: Problem) -> None:
    found = differences(ran(problem), ran(problem, seed=8))

    assert {each.path.split(".")[0] for each in found} == {"seeds"}
    assert ("seeds.job", 7, 8) in found


async def test_what_a_rerun_asks_gives_the_very_same_counts() -> None:
    """Given a stored job without a seed of its own, when it is asked again, then Aer gives the same, bit by bit."""
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [61], then=[], problem=SAMPLED, lane="simulator", qubits=2)
    stored = (await store.load([job_id]))[job_id]
    order = next(each for each in map(read_event, stored) if isinstance(each, JobQueued))
    parent = Parent(job_id=job_id, version=1, role="rerun", actor="somebody", reason="to see")

    (asked, *_), _ = rerun(stored, child_id(NOW, 7), NOW, parent, Changes())

    assert isinstance(asked, JobSubmitted)
    assert asked.request.seed == order.seed
    first, second = ran(order.problem, seed=order.seed), ran(asked.request.problem, seed=asked.request.seed or 0)
    assert (differences(first, second), identical(first, second)) == ([], True)
    assert first.answer["counts"] == second.answer["counts"]


def test_another_backend_is_named_with_all_that_follows_from_it() -> None:
    manila = noisy_aer(LIMITS, snapshot_of("fake_manila"))
    first, second = ran(SAMPLED), ran(SAMPLED, manila)

    found = {each.path: (each.first, each.second) for each in differences(first, second)}

    assert found["ran.backend"] == (IDEAL.name, manila.name)
    assert found["transpiler.optimization_level"][1] is not None
    assert found["noise"][1] == "fake_manila (simulated noise model)"
    assert len(found["calibration_fingerprint"][1]) == 64
    assert {"calibrated_at", "packages.qiskit-ibm-runtime", "method"} <= {*found}
    assert "problem_fingerprint" not in found
    assert "circuit_fingerprint" not in found
