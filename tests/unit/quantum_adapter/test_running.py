"""Several circuits of one attempt: each is handed in once, under an id and a seed of its own."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.errors import RunFailed
from queuebit_quantum_adapter.pipelines.sampler import Sampler
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import Request, Result
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.submissions.running import Runner, key_of
from tests.unit.quantum_adapter.models import a_maxcut, a_task, an_ising


class Listening(AerProvider):
    """Aer that remembers what was handed in."""

    def __init__(self) -> None:
        super().__init__(IdealTarget(qubits_max=8, memory_bytes_max=2**30))
        self.heard: list[tuple[UUID, int]] = []

    def submit(self, request: Request, key: UUID, fence: str | None = None) -> str:
        self.heard += [(key, seed) for seed in request.seeds]
        return super().submit(request, key, fence)


def test_every_circuit_has_an_id_and_a_seed_of_its_own() -> None:
    task, provider = a_task(a_maxcut(4), seed=5, shots=64), Listening()
    runner = Runner(task.attempt_id, lambda: provider)
    sampler = Sampler(task, runner)
    circuits = [qaoa_circuit(an_ising(4, seed), linear_ramp(an_ising(4, seed), 2)) for seed in range(3)]
    said: list[str] = []

    counts = [sampler.sample(circuit, lambda _: said.append("ready")) for circuit in circuits]

    assert provider.heard == [
        (key_of(task.attempt_id, 0), derived_seed(5, "simulator")),
        (key_of(task.attempt_id, 1), derived_seed(5, "simulator:1")),
        (key_of(task.attempt_id, 2), derived_seed(5, "simulator:2")),
    ]
    assert (said, runner.shots) == (["ready"] * 3, 3 * 64)
    assert [sum(each.values()) for each in counts] == [64] * 3
    assert [each.circuit for each in sampler.sampled] == circuits


def test_an_attempt_that_runs_again_hands_in_the_same() -> None:
    task = a_task(a_maxcut(4), number=9)
    circuit = qaoa_circuit(an_ising(4, 1), linear_ramp(an_ising(4, 1), 2))
    first, second = Listening(), Listening()

    for provider in (first, second):
        sampler = Sampler(task, Runner(task.attempt_id, lambda: provider))  # noqa: B023
        for _ in range(2):
            sampler.sample(circuit)

    assert first.heard == second.heard


def given(*counts: Mapping[int, int]) -> Runner:
    """A runner for whose requests these outcomes come back."""
    task = a_task(a_maxcut(4), number=9)
    return Runner(task.attempt_id, Listening, lambda *_: Result(counts))


def test_the_shots_are_those_that_came_back() -> None:
    circuit = qaoa_circuit(an_ising(4, 1), linear_ramp(an_ising(4, 1), 2))
    runner = given({1: 30, 2: 20})

    runner.run(Request((circuit,), (1,), 64))

    assert runner.shots == 50


def test_fewer_results_than_circuits_are_no_result() -> None:
    circuit = qaoa_circuit(an_ising(4, 1), linear_ramp(an_ising(4, 1), 2))

    with pytest.raises(RunFailed, match="1 results came back of 2 circuits"):
        given({1: 64}).run(Request((circuit, circuit), (1, 2), 64))
