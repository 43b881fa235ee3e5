"""Trial states keep what they promise, and the search asks its device for little."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_circuits.ansatz import (
    Excitation,
    HardwareEfficient,
    ParticleConserving,
    least_occupation,
    particle_conserving,
)
from queuebit_circuits.circuit import Circuit, Gate
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.pauli import PauliSum
from queuebit_circuits.simulator import statevector
from queuebit_problems import instances
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.expectation import KIND
from queuebit_problems.kinds.circuits.expectation_statement import ExpectationStatement
from queuebit_problems.measurement import Estimate
from queuebit_problems.measuring.exact_device import ExactDevice
from queuebit_problems.measuring.variational import BATCH_MAX, SMALL_SHIFT, Found, _rules, minimise


class Watched(ExactDevice):
    """Counts its calls; with `noisy` it says that exact values are not."""

    def __init__(self, *, noisy: bool = False) -> None:
        self.batches: list[int] = []
        self.forms: set[tuple[tuple[str, tuple[int, ...]], ...]] = set()
        self.noisy = noisy

    def expectations(
        self,
        circuits: Sequence[Circuit],
        observable: PauliSum,
        *,
        shots: int | None,
        seed: int,
        per_term: bool = False,
    ) -> list[Estimate]:
        self.batches.append(len(circuits))
        for circuit in circuits:
            self.forms.add(tuple((gate.name, gate.qubits) for gate in circuit.operations if isinstance(gate, Gate)))
        runs = 5000 if self.noisy and shots is None else shots
        return super().expectations(circuits, observable, shots=runs, seed=seed, per_term=per_term)


def molecule(name: str) -> ExpectationStatement:
    return KIND.parse(read_problem(instances.load(name).text).statement)


def search(statement: ExpectationStatement, device: Watched, shots: int | None = None) -> Found:
    return minimise(
        device, statement.sum, statement.states, shots=shots, seed=1, out=lambda: False, on_step=lambda step: None
    )


@pytest.mark.parametrize(
    ("source", "target"), [((0,), (1,)), ((2,), (0,)), ((0, 1), (2, 3)), ((0, 3), (1, 2)), ((3, 1), (2, 0))]
)
@given(angle=st.floats(-7, 7))
@settings(max_examples=10, deadline=None)
def test_an_excitation_turns_two_states_and_leaves_all_others(
    source: tuple[int, ...], target: tuple[int, ...], angle: float
) -> None:
    qubits = 4
    full, empty = sum(1 << q for q in source), sum(1 << q for q in target)
    for bits in range(1 << qubits):
        prepared = tuple(Gate("x", (q,)) for q in range(qubits) if bits >> q & 1)
        excited = tuple(Excitation(source, target).gates(angle))

        state = statevector(Circuit(qubits, (), prepared + excited))

        expected = np.zeros(1 << qubits, dtype=complex)
        inside = bits & (full | empty)
        if inside in (full, empty):
            expected[bits] = math.cos(angle / 2)
            expected[bits ^ full ^ empty] = math.sin(angle / 2) * (-1 if inside == full else 1)
        else:
            expected[bits] = 1
        assert np.allclose(state, expected, atol=1e-12)


@given(st.lists(st.floats(-3, 3), min_size=64, max_size=64))
@settings(max_examples=10, deadline=None)
def test_a_particle_conserving_state_keeps_its_particles(angles: list[float]) -> None:
    statement = molecule("h004_chain_000_75")
    ansatz = particle_conserving(statement.sum, statement.groups, 3)

    state = statevector(ansatz.circuit(angles[: ansatz.parameters]))

    assert {int(bits).bit_count() for bits in np.flatnonzero(np.abs(state) > 1e-9)} == {2}


@pytest.mark.parametrize("name", instances.names("expectation"))
def test_the_start_is_the_mean_field_of_the_file(name: str) -> None:
    statement = molecule(name)
    text = instances.load(name).text
    hartree_fock = float(text.partition('"hf')[2].partition(":")[2].partition(",")[0])
    ansatz = particle_conserving(statement.sum, statement.groups, 1)

    [start] = ExactDevice().expectations([ansatz.circuit(ansatz.start(1))], statement.sum, shots=None, seed=1)

    assert start.value == pytest.approx(hartree_fock, abs=1e-9)


def test_symmetries_of_the_observable_leave_excitations_out() -> None:
    small, large = molecule("H2_sto-3g_0.7414"), molecule("H2_6-31g_0.75")

    assert particle_conserving(small.sum, small.groups, 1) == ParticleConserving(
        4, (0, 1), (Excitation((0, 1), (2, 3)),), (), 1
    )
    assert particle_conserving(large.sum, large.groups, 1).parameters == 7


def test_the_least_occupation_is_found_among_all() -> None:
    observable = PauliSum(4, ((1.0, "ZIII"), (3.0, "IZII"), (-1.0, "IIZI"), (2.0, "IIIZ"), (2.5, "IZIZ")))

    assert least_occupation(observable, [((0, 1, 2, 3), 2)]) == {0, 1}
    assert least_occupation(observable, [((0, 1), 0), ((2, 3), 1)]) == {3}


def test_too_many_moves_are_refused() -> None:
    observable = PauliSum(60, ((1.0, "Z" * 60),))

    with pytest.raises(UnfitCircuit, match="900 ways"):
        particle_conserving(observable, [(tuple(range(60)), 30)], 1)


def test_a_hardware_efficient_circuit_has_its_parameters() -> None:
    plain, phases = HardwareEfficient(3, 2, phases=False), HardwareEfficient(3, 2, phases=True)

    assert (plain.parameters, phases.parameters) == (9, 18)
    assert len(phases.circuit(phases.start(5)).operations) == 18 + 4
    assert plain.start(5) == plain.start(5) != plain.start(6)


@pytest.mark.parametrize(
    ("shifts", "terms"),
    [
        ((math.pi / 2,), ((0.7, 1.0, 0.3), (-1.1, 1.0, 2.0))),
        ((math.pi / 2, math.pi), ((0.7, 1.0, 0.3), (0.4, 0.5, 1.1))),
        ((SMALL_SHIFT,), ((0.7, 1.0, 0.3), (0.4, 0.5, 1.1))),
    ],
)
def test_shifted_values_give_slope_and_curvature(
    shifts: tuple[float, ...], terms: tuple[tuple[float, float, float], ...]
) -> None:
    def value(angle: float) -> float:
        return 3 + sum(size * math.cos(rate * angle + phase) for size, rate, phase in terms)

    slopes, bends = _rules(shifts)
    odd = np.array([value(shift) - value(-shift) for shift in shifts])
    even = np.array([value(shift) + value(-shift) - 2 * value(0) for shift in shifts])

    assert odd @ slopes == pytest.approx(sum(-s * r * math.sin(p) for s, r, p in terms), abs=1e-6)
    assert even @ bends == pytest.approx(sum(-s * r * r * math.cos(p) for s, r, p in terms), abs=1e-6)


def test_a_search_makes_few_calls_of_bounded_batches_and_few_forms() -> None:
    device = Watched()

    found = search(molecule("h006_chain_001_00_paired"), device)

    assert (found.calls, found.circuits) == (len(device.batches), sum(device.batches))
    assert found.calls <= 12
    assert max(device.batches) <= BATCH_MAX
    assert len(device.forms) <= 10


def test_a_device_that_cannot_be_exact_is_searched_by_large_shifts() -> None:
    device = Watched(noisy=True)
    statement = molecule("h002_chain_000_75")

    found = search(statement, device)

    assert found.estimate.std_error > 0
    assert abs(found.estimate.value - instances.load("h002_chain_000_75").best_known) < 0.02
    assert search(statement, Watched(noisy=True)) == found


def test_an_observable_that_is_constant_has_nothing_to_search() -> None:
    statement = KIND.parse({"observable": {"qubits": 2, "terms": [[1.5, "II"]]}})

    found = search(statement, Watched())

    assert (round(found.estimate.value, 9), found.estimate.std_error, found.converged) == (1.5, 0.0, True)
