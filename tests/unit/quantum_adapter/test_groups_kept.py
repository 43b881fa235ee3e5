"""Circuits that keep groups: the start has the right amplitudes, no layer leaves the groups, and it does what is defined."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import qasm3
from qiskit.quantum_info import Statevector

from queuebit_circuits.circuit import Bound
from queuebit_circuits.text import to_qasm3
from queuebit_quantum_adapter.algorithms.dicke import Drawing, draw_dicke
from queuebit_quantum_adapter.algorithms.qaoa import Kept, exchanges, linear_ramp, mixer_factors, qaoa_circuit
from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_circuit
from tests.unit.quantum_adapter.models import an_ising
from tests.unit.quantum_adapter.oracle import energies

CASES = [
    (5, (Kept((0, 1, 2), 1),)),
    (6, (Kept((0, 2, 4), 1), Kept((1, 3, 5), 2))),
    (7, (Kept((6, 5, 4, 3, 2, 1), 3),)),
    (6, (Kept((0, 5), 1), Kept((1, 4, 2, 3), 1))),
]


def amplitudes(circuit: Bound) -> np.ndarray:
    bound = to_open_circuit(circuit.circuit).bind(circuit.angles)
    return np.asarray(Statevector(bound.remove_final_measurements(inplace=False)))


def holds(x: int, groups: tuple[Kept, ...]) -> bool:
    return all(sum(x >> q & 1 for q in group.qubits) == group.count for group in groups)


@pytest.mark.parametrize(("qubits", "count"), [(n, k) for n in range(1, 8) for k in range(n + 1)])
def test_the_start_is_the_even_superposition_of_so_many_ones(qubits: int, count: int) -> None:
    """One 1 is the W state; amplitudes are real and not negative."""
    drawing = Drawing()
    draw_dicke(drawing, range(qubits), count)
    circuit = drawing.bound(qubits)

    expected = np.array([float(x.bit_count() == count) for x in range(2**qubits)])

    np.testing.assert_allclose(amplitudes(circuit), expected / np.linalg.norm(expected), atol=1e-12)


def test_more_ones_than_qubits_are_refused() -> None:
    with pytest.raises(ValueError, match="3 ones do not fit 2 qubits"):
        draw_dicke(Drawing(), (0, 1), 3)


@pytest.mark.parametrize(("qubits", "groups"), CASES)
def test_no_layer_leaves_the_groups(qubits: int, groups: tuple[Kept, ...]) -> None:
    ising = an_ising(qubits, 3)

    found = np.abs(amplitudes(qaoa_circuit(ising, linear_ramp(ising, 4, groups), groups))) ** 2

    outside = [x for x in range(2**qubits) if not holds(x, groups)]
    assert found[outside].sum() < 1e-12


@pytest.mark.parametrize(("qubits", "groups"), CASES)
def test_the_circuit_does_what_is_defined(qubits: int, groups: tuple[Kept, ...]) -> None:
    """exp(-i gamma E), then exp(-i beta X) on free qubits and exp(-i theta (XX + YY) / 2) on the pairs of groups in turn."""
    ising = an_ising(qubits, 5)
    ramp = linear_ramp(ising, 3, groups)
    index, cost = np.arange(2**qubits), energies(ising)
    state = np.array([float(holds(x, groups)) for x in range(2**qubits)], dtype=np.complex128)
    state /= np.linalg.norm(state)
    free = [q for q in range(qubits) if not any(q in group.qubits for group in groups)]
    factors = mixer_factors(qubits, groups)
    for gamma, beta in zip(ramp.gammas, ramp.betas, strict=True):
        state = state * np.exp(-1j * gamma * cost)
        for q in free:
            half = factors[0] * beta / 2
            state = np.cos(half) * state - 1j * np.sin(half) * state[index ^ (1 << q)]
        for group, factor in zip(groups, factors[-len(groups) :], strict=True):
            theta = factor * beta
            for a, b in exchanges(len(group.qubits)):
                i, k = group.qubits[a], group.qubits[b]
                differ = (index >> i & 1) != (index >> k & 1)
                swapped = state[index ^ (1 << i) ^ (1 << k)]
                state = np.where(differ, np.cos(theta) * state - 1j * np.sin(theta) * swapped, state)

    found = amplitudes(qaoa_circuit(ising, ramp, groups))

    assert abs(np.vdot(found, state)) == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("size", range(2, 13))
def test_every_place_exchanges_equally_often_and_all_are_connected(size: int) -> None:
    pairs = exchanges(size)

    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    assert len({sum(place in pair for pair in pairs) for place in range(size)}) == 1
    reached = {0}
    for _ in range(size):
        reached |= {b for pair in pairs for a, b in (pair, pair[::-1]) if a in reached}
    assert reached == set(range(size))


def test_openqasm_3_says_the_same_circuit() -> None:
    qubits, groups = CASES[1]
    ising = an_ising(qubits, 2)
    circuit = qaoa_circuit(ising, linear_ramp(ising, 2, groups), groups)

    loaded = Statevector(qasm3.loads(to_qasm3(circuit.filled)).remove_final_measurements(inplace=False))

    assert abs(np.vdot(np.asarray(loaded), amplitudes(circuit))) == pytest.approx(1.0, abs=1e-10)
