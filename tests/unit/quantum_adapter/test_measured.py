"""Orders to measure circuits, from the order to the event, through a kind of the tests."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_problems.measurement import Step
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.pipelines.checks import check_operations
from queuebit_quantum_adapter.pipelines.measurement import STEP_INTERVAL_S, left_s, thinned
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.task import Stage
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.measuring import coins, tosses
from tests.unit.quantum_adapter.models import LIMITS, an_order

__all__ = ["coins"]

REPEAT = """
import json
from tests.measuring import tosses, tossing
from tests.unit.quantum_adapter.models import LIMITS, an_order
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.pipelines.frame import run
from tests.unit.quantum_adapter.models import a_task
tossing()
out = run(a_task(tosses(0.4, 1.0, 2.0), seed=42, number=1), lambda stage: None)
provenance = {k: v for k, v in out.provenance.items() if k != "run"}
print(json.dumps([out.answer, out.evidence, provenance], sort_keys=True))
"""


LIGHT = """
import asyncio, sys
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, an_order
executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")
wide = 'OPENQASM 3.0; include "stdgates.inc"; qubit[28] q; bit[28] c; h q; c = measure q;'
long = 'OPENQASM 3.0; include "stdgates.inc"; qubit[18] q; bit[18] c; for int i in [1:900] { h q; } c = measure q;'
async def main():
    for qasm in (wide, long):
        order = an_order(Problem(kind="circuit_sampling", statement={"qasm": qasm, "shots": 10}), budget_s=1.0)
        print((await executor.run(order, print, asyncio.Event())).code.value)
asyncio.run(main())
print(sorted({"qiskit", "qiskit_aer", "numpy", "scipy"} & set(sys.modules)))
"""


async def done(
    order: JobQueued, heard: list[ExecutionProgressed] | None = None
) -> ExecutionSucceeded | ExecutionFailed:
    executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")
    return await executor.run(order, (heard if heard is not None else []).append, asyncio.Event())


async def test_an_order_becomes_counts_with_their_provenance(coins: Any) -> None:
    heard: list[ExecutionProgressed] = []

    told = await done(an_order(tosses(0.4, 1.0, shots=500), seed=3), heard)

    assert isinstance(told, ExecutionSucceeded)
    assert sum(told.answer["counts"].values()) == 500
    assert (told.objective, told.ran.method, told.ran.backend) == (None, "tosses", "aer_simulator")
    assert (told.usage.shots, told.usage.iterations) == (500, 1)
    assert told.evidence["equivalence"]["fidelity"] == pytest.approx(1, abs=1e-9)
    assert {"circuit_fingerprint", "qasm3", "packages", "seeds", "backend"} <= set(told.provenance)
    assert [event.detail for event in heard] == ["running", "iteration 1", "measured"]


@pytest.mark.parametrize(
    ("problem", "code", "detail"),
    [
        (
            tosses(*[0.1] * 21),
            FailureCode.PROBLEM_TOO_LARGE,
            "The circuit has 21 qubits; the simulator takes at most 20 in the interactive tier. Use --tier batch",
        ),
        (tosses(), FailureCode.PROBLEM_INVALID, "angles"),
    ],
)
async def test_what_cannot_fit_is_refused(coins: Any, problem: Any, code: FailureCode, detail: str) -> None:
    told = await done(an_order(problem))

    assert isinstance(told, ExecutionFailed)
    assert told.code is code
    assert detail in told.detail


def test_long_circuits_are_refused_by_number() -> None:
    fast = replace(LIMITS, gate_amplitude_s=1e-9)

    check_operations(fast, 60.0, 4, 100_000)
    with pytest.raises(Exception, match="100001 operations"):
        check_operations(fast, 60.0, 4, 100_001)
    with pytest.raises(Exception, match="10000 operations on 24 qubits take about 168 s; 48 s of the budget"):
        check_operations(fast, 60.0, 24, 10_000)


def test_the_same_job_gives_the_same_counts_and_record_in_every_process() -> None:
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(repeated, (1, 2)))

    assert found[0] == found[1]
    assert sum(json.loads(found[0])[0]["counts"].values()) == 1000


def repeated(number: int) -> str:
    """What a process says whose hashes and threads are others by the number."""
    return subprocess.run(
        [sys.executable, "-c", REPEAT],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": str(number), "OMP_NUM_THREADS": str(number)},
    ).stdout


def test_a_loop_has_time_to_end() -> None:
    assert left_s(10.0, 1.5) == pytest.approx(6.5)
    assert left_s(10.0, 9.0) == pytest.approx(2.0)


def test_what_does_not_fit_is_refused_before_anything_heavy_is_loaded() -> None:
    told = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["problem_too_large", "budget_exhausted", "[]"]


def test_steps_are_passed_on_some_time_apart() -> None:
    stages: list[Stage] = []
    times = iter([0.0, STEP_INTERVAL_S / 2, STEP_INTERVAL_S * 1.1])

    on_step = thinned(stages.append, lambda: next(times))
    for number in (1, 2, 3):
        on_step(Step(number, -float(number), "circuits"))

    assert stages == [Stage("iteration 1: circuits", -1.0), Stage("iteration 3: circuits", -3.0)]
