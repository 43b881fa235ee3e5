"""A conversion that changes a circuit is found out, whatever it changes and however large the circuit is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Operation, Reset
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.verification.equivalence import (
    check_circuit,
    check_template,
    clifford_stand_in,
    template_steps,
)
from queuebit_quantum_adapter.verification.matrices import Step, gate_matrix, steps_of
from queuebit_quantum_adapter.verification.pauli_images import is_clifford
from tests.unit.quantum_adapter.circuits_at_random import a_dynamic, a_unitary
from tests.unit.quantum_adapter.models import an_attempt, an_ising

Change = Callable[[Operation], Operation]


def faithful(circuit: Circuit) -> tuple[Step, ...]:
    return steps_of(circuit.operations)


def changing(change: Change) -> Callable[[Circuit], tuple[Step, ...]]:
    """A conversion that gets each operation wrong in one way."""
    return lambda circuit: steps_of([change(operation) for operation in circuit.operations])


def swapped_qubits(operation: Operation) -> Operation:
    swaps = isinstance(operation, Gate) and operation.name == "cx"
    return replace(operation, qubits=operation.qubits[::-1]) if swaps and isinstance(operation, Gate) else operation


def turned_back(operation: Operation) -> Operation:
    if isinstance(operation, Gate) and operation.name in ("rz", "ry", "rzz"):
        return replace(operation, angles=tuple(-angle for angle in operation.angles))
    return operation


def half_angle(operation: Operation) -> Operation:
    if isinstance(operation, Gate) and operation.name in ("rz", "rzz"):
        return replace(operation, angles=tuple(angle / 2 for angle in operation.angles))
    return operation


def other_gate(operation: Operation) -> Operation:
    return replace(operation, name="tdg") if isinstance(operation, Gate) and operation.name == "t" else operation


def other_bit(operation: Operation) -> Operation:
    return Measure(operation.qubit, operation.clbit ^ 1) if isinstance(operation, Measure) else operation


def other_value(operation: Operation) -> Operation:
    return replace(operation, values=(operation.values[0] ^ 1,)) if isinstance(operation, Branch) else operation


def other_reset(operation: Operation) -> Operation:
    return Reset(operation.qubit + 1) if isinstance(operation, Reset) else operation


def a_ladder(qubits: int) -> Circuit:
    """One of each kind of gate on every qubit, none of which does nothing."""
    operations: list[Operation] = []
    for qubit in range(qubits):
        nearby = (qubit + 1) % qubits
        operations += [
            Gate("h", (qubit,)), Gate("rz", (qubit,), (0.3,)), Gate("cx", (qubit, nearby)), Gate("t", (nearby,)),
            Gate("rzz", (qubit, nearby), (0.7,)), Gate("ry", (nearby,), (1.1,)),
        ]  # fmt: skip
    return Circuit(qubits, (), tuple(operations))


@pytest.mark.parametrize("qubits", [4, 14])
@pytest.mark.parametrize("change", [swapped_qubits, turned_back, half_angle, other_gate])
def test_a_wrong_gate_is_found(qubits: int, change: Change) -> None:
    with pytest.raises(NotEquivalent) as found:
        check_circuit(a_ladder(qubits), changing(change), seed=1)

    assert found.value.code is FailureCode.CONVERSION_FAILED


@pytest.mark.parametrize("qubits", [4, 14])
@pytest.mark.parametrize("change", [other_bit, other_value, other_reset])
def test_a_wrong_measurement_reset_or_condition_is_found(qubits: int, change: Change) -> None:
    with pytest.raises(NotEquivalent):
        check_circuit(a_dynamic(qubits, 2, gates=20), changing(change), seed=1)


@pytest.mark.parametrize("qubits", [4, 14])
def test_what_is_missing_is_found(qubits: int) -> None:
    circuit = a_ladder(qubits)

    def without(place: int) -> Callable[[Circuit], tuple[Step, ...]]:
        return lambda each: steps_of((*each.operations[:place], *each.operations[place + 1 :]))

    for place in (0, 8, len(circuit.operations) - 1):
        with pytest.raises(NotEquivalent):
            check_circuit(circuit, without(place), seed=1)


def test_special_angles_do_not_hide_what_is_wrong() -> None:
    circuit = Circuit(2, (), (Gate("h", (0,)), Gate("rz", (0,), (0.0,)), Gate("cx", (0, 1))))

    with pytest.raises(NotEquivalent):
        check_circuit(circuit, changing(turned_back), seed=1)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_right_passes_and_says_how_it_was_checked(seed: int) -> None:
    small = check_circuit(a_unitary(5, seed), faithful, seed)
    moving = check_circuit(a_dynamic(5, seed), faithful, seed)
    large = check_circuit(a_dynamic(14, seed, gates=40), faithful, seed)

    assert (small.method, small.inputs) == ("random product states", 6)
    assert (moving.method, moving.inputs) == ("random outcomes on random product states", 18)
    assert large.method.startswith("clifford stand-in on random pauli strings, ")
    assert min(small.fidelity, moving.fidelity, large.fidelity) == pytest.approx(1, abs=1e-9)


def test_the_stand_in_has_clifford_gates_alone() -> None:
    import numpy as np

    stand_in = clifford_stand_in(a_unitary(6, 5, gates=200), np.random.default_rng(1))

    assert all(
        isinstance(each, Gate) and is_clifford(gate_matrix(each.name, each.angles), len(each.qubits))
        for each in stand_in.operations
    )


@pytest.mark.parametrize("qubits", [4, 20])
def test_a_template_is_compared_at_any_size(qubits: int) -> None:
    ising = an_ising(qubits, 1)
    template = qaoa_circuit(ising, linear_ramp(ising, 2)).circuit
    last = max(place for place, each in enumerate(template.operations) if isinstance(each, Gate))
    turned = Gate("rz", template.operations[last].qubits, (), (0,))  # type: ignore[union-attr]
    operations = (*template.operations[:last], turned, *template.operations[last + 1 :])
    wrong = replace(template, operations=operations)

    right = check_template(template, lambda angles: template_steps(template, angles), 1)
    with pytest.raises(NotEquivalent):
        check_template(template, lambda angles: template_steps(wrong, angles), 1)

    assert right.fidelity == pytest.approx(1)


def test_a_circuit_that_does_not_survive_its_conversion_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = AerProvider(IdealTarget(qubits_max=16, memory_bytes_max=2**30))
    circuit = a_ladder(4)
    spoil = changing(swapped_qubits)
    monkeypatch.setattr(
        "queuebit_quantum_adapter.providers.aer.ideal.steps_of_quantum_circuit", lambda made: spoil(circuit)
    )
    batch = Request((Bound(circuit),), (1,), 10)

    with pytest.raises(NotEquivalent):
        provider.preflight(batch)
    with pytest.raises(NotEquivalent):
        provider.submit(batch, an_attempt())

    assert provider.reconcile(an_attempt()) == ()
