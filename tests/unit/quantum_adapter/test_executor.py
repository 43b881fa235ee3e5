"""Orders through real processes: answers, refusals before anything heavy is loaded, the kill on stop, and repeats."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.metadata import version
from typing import Any

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Lane, Problem, Ran
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed, PoolMemory, PoolTimeout, TaskFailed
from queuebit_runtime.processes.pool import InlinePool, Pool, ProcessPool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

CANCELLED_S = 10.0
"""Far above the second that it may take on a machine that does nothing else."""
RING = Problem(kind="maxcut", statement={"nodes": 6, "edges": [[i, (i + 1) % 6] for i in range(6)]})
"""Six nodes in a ring: the best cut is 6."""

REPEAT = """
import json
from queuebit_quantum_adapter.pipelines import frame
from tests.unit.quantum_adapter.models import a_maxcut, a_task
from tests.unit.quantum_adapter.small import small
tasks = (
    a_task(a_maxcut(9, weights=(1, 2, 5)), seed=42, layers=4, number=1),
    a_task(small("portfolio", 1), seed=42, layers=3, number=2),
    a_task(small("number_partitioning", 1), seed=42, layers=3, method="rqaoa", number=3),
    a_task(a_maxcut(30), seed=42, layers=2, core_qubits=10, shots=100, number=4),
)
for task in tasks:
    out = frame.run(task, lambda stage: None)
    provenance = {k: v for k, v in out.provenance.items() if k != "run"}
    print(json.dumps([out.answer, out.objective, out.method, out.shots, out.evidence, provenance], sort_keys=True))
"""

LIGHT = """
import asyncio, sys
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order
executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")
async def main():
    for order in (
        an_order(a_maxcut(30), params={"rounds": 0}),
        an_order(a_maxcut(4), lane="quantum"),
        an_order(a_maxcut(4), params={"shots": 0}),
    ):
        print((await executor.run(order, print, asyncio.Event())).code.value)
asyncio.run(main())
print(sorted({"qiskit", "qiskit_aer", "numpy", "scipy"} & set(sys.modules)))
"""


def an_executor(pool: Pool) -> QuantumExecutor:
    return QuantumExecutor(pool, Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="worker-1")


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[ProcessPool]:
    processes = ProcessPool(1, 2048, warm_import=("queuebit_quantum_adapter.shell.child",))
    yield processes
    await processes.close()


class BrokenPool:
    """Ends every task with one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def run(self, *_: Any, **__: Any) -> Any:
        raise self._error

    async def close(self) -> None:
        return


async def test_an_order_becomes_an_answer_with_its_label(pool: ProcessPool) -> None:
    heard: list[ExecutionProgressed] = []
    executor = an_executor(pool)
    await executor.warm(aer(LIMITS))
    order = an_order(RING, params={"layers": 3, "shots": 200})

    outcome = await executor.run(order, heard.append, asyncio.Event())

    assert isinstance(outcome, ExecutionSucceeded)
    assert outcome.objective == 6
    assert outcome.answer["side"] in ([0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0])
    assert (outcome.attempt_id, outcome.leg, outcome.lane) == (order.attempt_id, "primary", "simulator")
    assert (outcome.ran.lane, outcome.ran.backend, outcome.worker) == ("simulator", "aer_simulator", "worker-1")
    assert outcome.ran.method in ("LR-QAOA p=3", "LR-QAOA p=3 + local search")
    assert (outcome.problem, outcome.params, outcome.usage.shots) == (RING, order.params, 200)
    assert not outcome.proven_optimal
    assert isinstance(outcome.started_at, datetime)
    assert [item.detail for item in heard] == ["encoded", "transpiled", "running", "decoded", "polished"]
    assert ExecutionSucceeded.model_validate_json(outcome.model_dump_json()) == outcome


async def test_an_answer_that_needed_no_circuit_names_no_simulator(pool: ProcessPool) -> None:
    problem = Problem(kind="qubo", statement={"variables": 3, "terms": [[0, 0, -5], [1, 1, 4], [0, 1, 1], [2, 2, -1]]})

    outcome = await an_executor(pool).run(an_order(problem), lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionSucceeded)
    assert outcome.ran == Ran(
        lane="simulator",
        method="roof duality (no circuit was needed)",
        backend="queuebit-quantum-adapter",
        backend_version=version("queuebit-quantum-adapter"),
    )


@pytest.mark.parametrize(
    ("lane", "advised"),
    [("simulator", "use the classical lane."), ("quantum", "use the simulator or the classical lane.")],
)
async def test_a_lane_without_a_backend_is_not_advised(lane: Lane, advised: str) -> None:
    executor = QuantumExecutor(BrokenPool(RuntimeError()), Backends([]), LIMITS, SystemClock(), worker="worker-1")

    outcome = await executor.run(an_order(RING, lane=lane), lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionFailed)
    assert outcome.remedy == f"Configure a provider for this lane, or {advised}"


async def test_a_stop_kills_the_simulation_at_once(pool: ProcessPool) -> None:
    """24 qubits take minutes; the stop comes when the simulation has begun."""
    stop, moments = asyncio.Event(), list[float]()

    def on_progress(item: ExecutionProgressed) -> None:
        if item.detail == "running":
            moments.append(time.monotonic())
            stop.set()

    order = an_order(a_maxcut(24, density=1.0), tier="batch", budget_s=3600.0, params={"layers": 20})
    async with asyncio.timeout(30):
        outcome = await an_executor(pool).run(order, on_progress, stop)

    assert isinstance(outcome, ExecutionFailed)
    assert (outcome.code, stop.is_set()) == (FailureCode.CANCELLED, True)
    assert time.monotonic() - moments[0] < CANCELLED_S


async def test_the_next_order_runs_after_a_kill(pool: ProcessPool) -> None:
    outcome = await an_executor(pool).run(an_order(RING, number=2), lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionSucceeded)


async def test_a_lane_without_a_backend_is_refused_with_a_remedy() -> None:
    outcome = await an_executor(InlinePool()).run(an_order(RING, lane="quantum"), lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionFailed)
    assert outcome.code is FailureCode.NO_BACKEND
    assert "quantum lane" in outcome.detail
    assert "configured: simulator" in outcome.detail
    assert outcome.remedy


async def test_a_problem_that_is_too_large_is_refused_by_its_number() -> None:
    order = an_order(a_maxcut(21), params={"rounds": 0})

    outcome = await an_executor(InlinePool()).run(order, lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionFailed)
    assert outcome.code is FailureCode.PROBLEM_TOO_LARGE
    assert outcome.detail == "The problem needs 21 qubits; the simulator takes at most 20 in the interactive tier."


async def test_a_budget_without_room_for_a_circuit_is_told_as_such() -> None:
    order = an_order(a_maxcut(12), budget_s=0.001)

    outcome = await an_executor(InlinePool()).run(order, lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionFailed)
    assert outcome.code is FailureCode.BUDGET_EXHAUSTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PoolTimeout(), FailureCode.BUDGET_EXHAUSTED),
        (PoolMemory(), FailureCode.MEMORY_EXHAUSTED),
        (PoolCrashed(), FailureCode.WORKER_LOST),
        (TaskFailed("ValueError", "odd"), FailureCode.INTERNAL),
    ],
)
async def test_a_process_that_ends_badly_is_told_by_its_cause(error: Exception, code: FailureCode) -> None:
    outcome = await an_executor(BrokenPool(error)).run(an_order(RING), lambda item: None, asyncio.Event())

    assert isinstance(outcome, ExecutionFailed)
    assert outcome.code is code


def test_refusals_load_nothing_heavy() -> None:
    lines = python(LIGHT, hash_seed="0").splitlines()

    assert lines == ["problem_too_large", "no_backend", "problem_invalid", "[]"]


def test_the_same_job_is_the_same_in_every_process() -> None:
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda seed: python(REPEAT, hash_seed=seed), ("1", "2"))

    assert first == second
    assert [len(json.loads(line)) for line in first.splitlines()] == [6] * 4


def python(code: str, *, hash_seed: str) -> str:
    """The output of the code in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
