"""Attempts on one noisy device that run together: one execution a structure, and each answers what it answers alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from scipy.stats import chisquare  # type: ignore[import-untyped]

from queuebit_circuits.circuit import Bound, angles_of
from queuebit_circuits.qasm import read_circuit
from queuebit_contracts.events import JobQueued, ProblemSize
from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.joined import run_joined
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.aer import noisy
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.offer import aer, noisy_aer
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.joiner import OrderJoiner
from queuebit_quantum_adapter.shell.task import Outcome, Task
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_task, an_order

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
DEVICE, OTHER = noisy_aer(LIMITS, snapshot_of("fake_manila")), noisy_aer(LIMITS, snapshot_of("fake_torino"))
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
EXACT = aer(LIMITS)


def a_chain(angle: float, *, shots: int = 300, tail: str = "") -> Problem:
    body = f"h q[0];\ncx q[0], q[1];\nrx({angle}) q[1];\ncx q[1], q[2];\n{tail}c = measure q;\n"
    return Problem(kind="circuit_sampling", statement={"qasm": HEAD + body, "shots": shots})


def noisy_task(problem: Problem, seed: int, backend: BackendSpec = DEVICE) -> Task:
    return replace(a_task(problem, seed=seed), backend=backend)


def told(ended: Any) -> Any:
    assert isinstance(ended, Outcome)
    provenance = {name: value for name, value in ended.provenance.items() if name != "run"}
    return replace(ended, cpu_s=0.0, provenance=provenance)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> AerProvider:
    """A provider that has run nothing before."""
    options: Any = DEVICE.options
    fresh = AerProvider(noisy.NoisyTarget(**options))
    monkeypatch.setattr(noisy, "open_provider", lambda **_: fresh)
    return fresh


def test_each_answers_what_it_answers_alone_with_its_seed() -> None:
    problems = [a_chain(0.3), a_chain(0.9), a_chain(0.3, shots=500), a_chain(0.3, tail="ccx q[0], q[1], q[2];\n")]
    tasks = [noisy_task(problem, seed) for problem in problems for seed in (7, 8)]

    together = run_joined(tasks)
    backwards = run_joined(tasks[::-1])[::-1]

    expected = [told(frame.run(task, lambda stage: None)) for task in tasks]
    assert [told(each) for each in together] == expected
    assert [told(each) for each in backwards] == expected
    assert expected[0].answer["counts"] != expected[1].answer["counts"]
    assert expected[0].answer["model"] == expected[1].answer["model"]


def test_circuits_of_one_structure_are_transpiled_once_and_run_in_one_execution(provider: AerProvider) -> None:
    run_joined([noisy_task(a_chain(0.05 * number), number) for number in range(20)])

    assert provider.counted == {"transpilations": 1, "executions": 1}


ACROSS = (
    HEAD + "bit[2] d; ry(0.9) q[0]; cx q[0], q[1]; x q[2]; rx(0.4) q[2]; cx q[2], q[0];"
    "d[1] = measure q[0]; c[2] = measure q[1]; d[0] = measure q[2];"
)


def test_what_is_drawn_is_what_aer_samples_under_the_same_noise() -> None:
    """Bits that are read across registers, each with readout errors of its own."""
    options: Any = DEVICE.options
    target, circuit = noisy.NoisyTarget(**options), read_circuit(ACROSS)
    runner = FormRunner(target)
    [form] = runner.checked(Request((Bound(circuit),), (0,)))
    assert form.drawing is not None

    [shares] = target.probabilities(form.drawing, form.compiled.fitted, [angles_of(circuit)])
    sampled = target.counts(runner.converted(circuit), form.compiled.fitted, 40_000, 3).counts

    model = form.drawing.model(shares)
    assert model is not None
    assert sum(model.values()) == pytest.approx(1)
    assert set(sampled) <= set(model)
    likely = [outcome for outcome, share in model.items() if share > 1e-4]
    seen, expected = [sampled.get(each, 0) for each in likely], [model[each] for each in likely]
    assert chisquare(seen, [share * sum(seen) / sum(expected) for share in expected]).pvalue > 1e-3


def test_what_is_measured_into_a_bit_that_is_written_again_is_measured_all_the_same() -> None:
    """A qubit between two Hadamard gates, whose measurement leaves nothing but that it was measured."""
    body = "h q[0]; c[0] = measure q[0]; c[0] = measure q[1]; barrier q; h q[0]; c[1] = measure q[0];"

    found = told(
        frame.run(noisy_task(Problem(kind="circuit_sampling", statement={"qasm": HEAD + body}), 3), lambda _: None)
    )

    ones = sum(count for key, count in found.answer["counts"].items() if key[-2] == "1")
    assert 0.3 < ones / sum(found.answer["counts"].values()) < 0.7


def test_few_runs_of_a_wide_circuit_are_followed_one_by_one_beside_the_others(provider: AerProvider) -> None:
    """Where a density matrix takes more than that."""
    target: Any = provider._target
    target._cheapest = lambda fitted, shots: ("statevector" if shots < 100 else "density_matrix", 0.1)

    few, many = run_joined([noisy_task(a_chain(0.4, shots=shots), 5) for shots in (50, 400)])

    assert "model" not in told(few).answer
    assert "model" in told(many).answer
    assert provider.counted["executions"] == 2


def a_joiner(*backends: BackendSpec) -> OrderJoiner:
    pool, clock = InlinePool(), SystemClock()
    executor = QuantumExecutor(pool, Backends(list(backends)), LIMITS, clock, worker="w")
    return OrderJoiner(executor, pool, LIMITS, clock, count_max=50)


def orders(count: int, qubits: int = 3) -> list[JobQueued]:
    size = ProblemSize(variables=qubits, qubits=qubits, terms=8)
    return [
        an_order(a_chain(0.1 * number), seed=number, number=number + 1).model_copy(update={"size": size})
        for number in range(count)
    ]


def test_orders_are_alike_on_one_noisy_device_and_not_on_another() -> None:
    [order] = orders(1)

    [here, again, there] = [a_joiner(backend).alike(order, "acme", "a job") for backend in (DEVICE, DEVICE, OTHER)]

    assert here is not None
    assert there is not None
    assert here == again
    assert here.key != there.key


def test_a_density_matrix_that_takes_long_keeps_nobody_waiting() -> None:
    [small], [wide] = orders(1), orders(1, qubits=10)

    joiner = a_joiner(DEVICE)

    exact = a_joiner(EXACT).alike(wide, "acme", "a job")
    assert exact is not None
    noisy_small, noisy_wide = joiner.alike(small, "acme", "a job"), joiner.alike(wide, "acme", "a job")
    assert noisy_small is not None
    assert noisy_small.count_max > 1
    assert noisy_wide is None or noisy_wide.count_max < exact.count_max


async def test_orders_that_ran_together_are_told_each_for_itself() -> None:
    joiner, asked = a_joiner(DEVICE), orders(3)

    found = await joiner.run_joined(asked, [asyncio.Event() for _ in asked])

    answers: Sequence[Any] = found
    assert [each.attempt_id for each in answers] == [order.attempt_id for order in asked]
    assert len({each.provenance["run"]["batch"]["id"] for each in answers}) == 1
    assert all(sum(each.answer["counts"].values()) == 300 for each in answers)
