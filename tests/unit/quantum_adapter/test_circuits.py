"""Angles, signs and bit order, against a simulator that shares nothing with the circuits but the definition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from qiskit import qasm3
from qiskit.quantum_info import Statevector

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Register, angles_of, opened
from queuebit_circuits.text import to_qasm3
from queuebit_problems.encoding.qubo import Ising
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit, sigma_of
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced, fix_symmetry
from queuebit_quantum_adapter.providers.qiskit_circuits import circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_circuit
from tests.unit.quantum_adapter.models import an_ising
from tests.unit.quantum_adapter.oracle import energies, qaoa_distribution


def distribution_of(circuit: Bound) -> np.ndarray:
    """Qiskit's own statevector of the circuit before measurement; its index has bit q for qubit q."""
    bound = to_open_circuit(circuit.circuit).bind(circuit.angles)
    return np.asarray(Statevector(bound.remove_final_measurements(inplace=False)).probabilities())


@pytest.mark.parametrize("seed", range(12))
def test_the_circuit_has_exactly_the_distribution_of_the_definition(seed: int) -> None:
    ising = an_ising(2 + seed % 5, seed)
    ramp = linear_ramp(ising, 1 + seed % 4)

    found = distribution_of(qaoa_circuit(ising, ramp))

    np.testing.assert_allclose(found, qaoa_distribution(ising, ramp.gammas, ramp.betas), atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_ramp_leads_down(seed: int) -> None:
    ising = an_ising(6, seed)
    cost = energies(ising)

    mean = float(distribution_of(qaoa_circuit(ising, linear_ramp(ising, 10))) @ cost)

    assert mean < cost.mean() - 0.8 * (cost.mean() - cost.min())


def test_a_single_field_is_followed_on_its_own_qubit() -> None:
    """Qubit 2 of three alone has a field: h = +1 wants spin -1, which is bit 1 of weight 4."""
    ising = Ising(3, {2: 1})

    found = distribution_of(qaoa_circuit(ising, linear_ramp(ising, 20)))

    assert found[[x for x in range(8) if x & 4]].sum() > 0.95
    np.testing.assert_allclose(found[4:], found[4], atol=1e-12)


def test_the_scale_of_the_coefficients_does_not_matter() -> None:
    ising = an_ising(5, 3)
    larger = Ising(5, {i: 1000 * v for i, v in ising.h.items()}, {k: 1000 * v for k, v in ising.j.items()})

    plain, scaled = qaoa_circuit(ising, linear_ramp(ising, 4)), qaoa_circuit(larger, linear_ramp(larger, 4))

    assert scaled.circuit.fingerprint == plain.circuit.fingerprint
    np.testing.assert_allclose(scaled.angles, plain.angles, rtol=1e-12)


def test_sigma_is_the_root_mean_square_field() -> None:
    assert sigma_of(Ising(2, {0: 3}, {(0, 1): 4})) == pytest.approx(((9 + 16 + 16) / 2) ** 0.5)
    assert sigma_of(Ising(2, {}, {}, Fraction(5))) == 0.0


def test_a_model_without_terms_is_sampled_evenly() -> None:
    ising = Ising(3)

    np.testing.assert_allclose(distribution_of(qaoa_circuit(ising, linear_ramp(ising, 3))), 1 / 8, atol=1e-12)


def test_openqasm_3_says_the_same_circuit() -> None:
    ising = an_ising(4, 5)
    circuit = qaoa_circuit(ising, linear_ramp(ising, 3))

    loaded = qasm3.loads(to_qasm3(circuit.filled))

    found = np.asarray(Statevector(loaded.remove_final_measurements(inplace=False)).probabilities())
    np.testing.assert_allclose(found, distribution_of(circuit), atol=1e-12)


def test_fingerprints_tell_structure_and_angles_apart() -> None:
    template = Circuit(2, (), (Gate("h", (0,)), Gate("rzz", (0, 1), (), (0,))), 1)
    other = Circuit(2, (), (Gate("h", (1,)), Gate("rzz", (0, 1), (), (0,))), 1)

    def bound(angle: float) -> str:
        return circuit_fingerprint(to_open_circuit(template).bind([angle]))

    assert template.fingerprint != other.fingerprint
    assert bound(0.5) == bound(0.5)
    assert bound(0.5) != bound(0.6)


def test_a_circuit_refuses_the_wrong_number_of_angles() -> None:
    with pytest.raises(ValueError, match="2 angles for 1 slots"):
        Bound(Circuit(1, (), (Gate("rx", (0,), (), (0,)),), 1), (0.1, 0.2))


def test_a_circuit_is_its_structure_and_its_angles() -> None:
    turn, branch = (
        Gate("rx", (0,), (0.5,)),
        Branch((0,), (1,), (Gate("u", (1,), (0.1, 0.2, 0.3)),), (Gate("p", (0,), (2.0,)),)),
    )
    circuit = Circuit(2, (Register("c", 1),), (Gate("h", (0,)), turn, Measure(0, 0), branch))

    bound = opened(circuit)

    assert bound.angles == angles_of(circuit) == (0.5, 0.1, 0.2, 0.3, 2.0)
    assert bound.filled == circuit
    assert bound.circuit == opened(bound.filled).circuit
    with pytest.raises(ValueError, match="no text"):
        to_qasm3(bound.circuit)


def test_a_symmetric_model_loses_one_variable_and_no_energy() -> None:
    ising = Ising(4, {}, {(0, 1): 1, (1, 2): -2, (1, 3): 3, (2, 3): 5}, 7)

    core, pivot = fix_symmetry(Core(ising, (0, 1, 2, 3)))

    assert (core.kept, pivot) == ((0, 2, 3), 1)
    for sample in range(8):
        bits = Reduced(4, (core,), {1: 0}).lift([sample])
        assert bits[1] == 0
        assert core.ising.energy([1 - 2 * (sample >> q & 1) for q in range(3)]) == ising.energy(
            [1 - 2 * bit for bit in bits]
        )


def test_a_model_with_fields_is_left_alone() -> None:
    core = Core(an_ising(4, 2), (0, 1, 2, 3))

    assert fix_symmetry(core) == (core, None)
