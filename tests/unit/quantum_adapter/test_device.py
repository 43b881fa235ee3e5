"""The device that a measurement runs on: repeatable outcomes, one submission a batch, honest refusals."""

from __future__ import annotations

import random
from collections.abc import Mapping
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Circuit, Gate, Measure, Register
from queuebit_circuits.pauli import PauliSum
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution
from queuebit_problems.measuring.exact_device import ExactDevice
from queuebit_quantum_adapter.errors import BudgetTooSmall, TooManyOperations, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.pipelines.measurement_device import ProviderDevice, runs_shot_by_shot, seeds_of
from queuebit_quantum_adapter.ports import Capabilities, Provider, Request
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.submissions.running import Runner, key_of
from tests.unit.quantum_adapter.circuits_at_random import a_unitary
from tests.unit.quantum_adapter.models import LIMITS, an_attempt

OBSERVABLE = PauliSum(3, ((0.5, "III"), (1.0, "ZII"), (0.3, "XYZ"), (-0.2, "IZZ")))


def a_device(provider: Provider | None = None, *, budget_s: float = 60.0) -> ProviderDevice:
    return ProviderDevice(a_runner(provider), LIMITS, budget_s, name="aer")


def a_runner(provider: Provider | None = None) -> Runner:
    found = provider or AerProvider(IdealTarget(qubits_max=16, memory_bytes_max=2**30))
    return Runner(an_attempt(), lambda: found)


def read_out(circuit: Circuit) -> Circuit:
    reads = tuple(Measure(qubit, qubit) for qubit in range(circuit.qubits))
    return Circuit(circuit.qubits, (Register("c", circuit.qubits),), (*circuit.operations, *reads))


A, B = read_out(a_unitary(3, 1)), read_out(a_unitary(3, 2))


class Sampling(AerProvider):
    """A device that computes nothing from the state, as hardware."""

    def capabilities(self) -> Capabilities:
        return Capabilities("sampling", "1", "quantum", 16, 10**6, "ideal")


class CountingProvider(AerProvider):
    """Remembers under which keys something was handed in."""

    def __init__(self) -> None:
        super().__init__(IdealTarget(qubits_max=16, memory_bytes_max=2**30))
        self.keys: list[UUID] = []

    def submit(self, request: Request, key: UUID, fence: str | None = None) -> str:
        self.keys.append(key)
        return super().submit(request, key, fence)


def test_the_place_in_a_batch_does_not_change_outcomes() -> None:
    alone = a_device().counts([B], shots=500, seed=9)
    among = a_device().counts([A, B, A], shots=500, seed=9)

    assert among[1] == alone[0]


def test_equal_circuits_are_sampled_anew() -> None:
    first, second = a_device().counts([A, A], shots=500, seed=9)

    assert first != second
    assert len(set(seeds_of([A, B, A], 9))) == 3


def test_keys_have_the_spaces_of_the_registers() -> None:
    circuit = Circuit(2, (Register("a", 1), Register("b", 2)), (Gate("x", (1,)), Measure(1, 0), Measure(0, 2)))

    assert a_device().counts([circuit], shots=7, seed=1) == [{"00 1": 7}]


def test_exact_values_are_those_of_the_reference() -> None:
    circuits = [a_unitary(3, seed) for seed in range(5)]

    found = a_device().expectations(circuits, OBSERVABLE, shots=None, seed=1)
    exact = ExactDevice().expectations(circuits, OBSERVABLE, shots=None, seed=1)

    assert [each.value for each in found] == pytest.approx([each.value for each in exact], abs=1e-12)
    assert {each.std_error for each in found} == {0.0}


@pytest.mark.parametrize("shots", [20_000, None])
def test_a_device_that_only_samples_says_how_far_its_values_may_be_off(shots: int | None) -> None:
    device = a_device(Sampling(IdealTarget(qubits_max=16, memory_bytes_max=2**30)))
    circuits = [a_unitary(3, seed) for seed in range(3)]

    found = device.expectations(circuits, OBSERVABLE, shots=shots, seed=1)
    exact = ExactDevice().expectations(circuits, OBSERVABLE, shots=None, seed=1)

    for estimate, true in zip(found, exact, strict=True):
        assert 0 < estimate.std_error < 0.05
        assert abs(estimate.value - true.value) < 5 * estimate.std_error


def test_a_constant_needs_no_run() -> None:
    runner = a_runner(CountingProvider())

    device = ProviderDevice(runner, LIMITS, 60.0, name="aer")
    (found,) = device.expectations([a_unitary(2, 1)], PauliSum(2, ((0.25, "II"),)), shots=100, seed=1)

    assert (found.value, found.std_error, runner.requests) == (0.25, 0.0, 0)


def test_each_batch_has_a_key_of_its_own_and_a_repeat_of_the_attempt_has_the_same() -> None:
    provider = CountingProvider()

    first = a_device(provider)
    counts = [first.counts([A], shots=50, seed=1), first.counts([B], shots=50, seed=1)]
    again = a_device(provider)
    repeated = [again.counts([A], shots=50, seed=1), again.counts([B], shots=50, seed=1)]

    assert repeated == counts
    assert provider.keys == [key_of(an_attempt(), number) for number in (0, 1, 0, 1)]


def test_many_circuits_are_handed_in_by_several_batches() -> None:
    runner = a_runner(CountingProvider())

    found = ProviderDevice(runner, LIMITS, 60.0, name="aer").counts([A] * 300, shots=1, seed=1)

    assert (len(found), runner.requests, runner.circuits) == (300, 2, 300)


def test_the_evidence_says_how_conversions_were_checked() -> None:
    device = a_device()

    device.counts([A, B], shots=10, seed=1)
    device.counts([A], shots=10, seed=2)

    found = device.equivalence()
    assert found == {
        "circuits": 3,
        "forms": 2,
        "methods": ["random outcomes on random product states"],
        "inputs": 36,
        "fidelity": pytest.approx(1, abs=1e-9),
    }


def test_what_cannot_be_run_is_refused() -> None:
    measuring = Circuit(1, (Register("c", 1),), (Measure(0, 0),))
    long = Circuit(1, (Register("c", 1),), (Gate("x", (0,)),) * 100_001)
    again = (Gate("h", (0,)), Measure(0, 0)) * 2000
    repeated = Circuit(16, (Register("c", 1),), again)

    with pytest.raises(UnusableProblem, match="no classical bit"):
        a_device().counts([a_unitary(2, 1)], shots=1, seed=1)
    with pytest.raises(UnusableProblem, match="may not measure"):
        a_device().expectations([measuring], PauliSum(1, ((1.0, "Z"),)), shots=None, seed=1)
    with pytest.raises(TooManyOperations, match="100001 operations"):
        a_device().counts([long], shots=1, seed=1)
    with pytest.raises(BudgetTooSmall, match="10000 times each"):
        a_device(budget_s=1.0).counts([repeated], shots=10_000, seed=1)
    with pytest.raises(TooManyQubits):
        a_device().counts([read_out(Circuit(17, (), ()))], shots=1, seed=1)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ((Gate("h", (0,)), Measure(0, 0), Gate("x", (1,))), False),
        ((Measure(0, 0), Gate("x", (0,))), True),
    ],
)
def test_a_circuit_is_repeated_where_something_follows_on_a_measurement(
    operations: tuple[Gate | Measure, ...], expected: bool
) -> None:
    assert runs_shot_by_shot(Circuit(2, (Register("c", 1),), operations)) is expected


def test_outcomes_are_numbers_of_runs() -> None:
    (counts,) = a_device().counts([A], shots=321, seed=4)

    found: Mapping[str, int] = counts
    assert sum(found.values()) == 321


@pytest.mark.parametrize("seed", range(12))
def test_conditions_on_bits_that_nothing_measured_run(seed: int) -> None:
    """Aer drops such bits where it may, and then dies of their absence."""
    rng = random.Random(seed)
    lines = ["qubit[4] q; bit[4] c;"]
    for _ in range(6):
        lines.append(
            rng.choice(
                [
                    f"h q[{rng.randrange(4)}];",
                    f"c[{rng.randrange(4)}] = measure q[{rng.randrange(4)}];",
                    f"if (c[{rng.randrange(4)}] == {rng.randrange(2)}) {{ x q[{rng.randrange(4)}]; }}",
                ]
            )
        )
    circuit = read_circuit('OPENQASM 3.0; include "stdgates.inc"; ' + " ".join(lines) + " c[0] = measure q[0];")

    [counts] = a_device().counts([circuit], shots=400, seed=seed)

    assert counts.keys() <= distribution(circuit).keys()
