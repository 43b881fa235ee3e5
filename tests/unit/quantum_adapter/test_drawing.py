"""What is drawn from Aer's probabilities: of which circuits, by which gates, and that it is the right distribution."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from queuebit_circuits.circuit import (
    Barrier,
    Bound,
    Branch,
    Circuit,
    Gate,
    Measure,
    Operation,
    Register,
    Reset,
    angles_of,
)
from queuebit_circuits.gates import GATES
from queuebit_circuits.simulator import statevector
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.aer import drawing
from queuebit_quantum_adapter.providers.aer.drawing import BOUND_BY_AER, DRAWN_QUBITS_MAX, Drawing, is_drawn
from queuebit_quantum_adapter.providers.aer.fitted import Fitted
from queuebit_quantum_adapter.providers.aer.forms import FormRunner
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from tests.unit.quantum_adapter.circuits_at_random import a_unitary

TARGET = IdealTarget(qubits_max=16, memory_bytes_max=2**30)
UNFITTED = Fitted(None, (), ())
TURNED = [name for name, gate in GATES.items() if gate.angles and name != "u0"]


def a_drawing(circuit: Circuit) -> Drawing:
    [form] = FormRunner(TARGET).checked(Request((Bound(circuit),), (0,)))
    assert form.drawing is not None
    return form.drawing


@pytest.mark.parametrize("name", TURNED)
def test_many_sets_of_angles_in_one_call_give_what_each_gives(name: str) -> None:
    gate = GATES[name]
    generator = np.random.default_rng(3)

    def with_angles() -> Circuit:
        angles = tuple(generator.uniform(-3, 3, gate.angles).tolist())
        start = [Gate("ry", (qubit,), (0.4 + qubit,)) for qubit in range(gate.qubits)]
        ends = [Gate("h", (qubit,)) for qubit in range(gate.qubits)]
        return Circuit(gate.qubits, (), (*start, Gate(name, tuple(range(gate.qubits)), angles), *ends))

    circuits = [with_angles() for _ in range(4)]

    found = TARGET.probabilities(a_drawing(circuits[0]), UNFITTED, [angles_of(each) for each in circuits])

    for circuit, probabilities in zip(circuits, found, strict=True):
        assert np.abs(probabilities - np.abs(statevector(circuit)) ** 2).max() < 1e-12


def test_aer_fills_in_what_it_can_and_no_more() -> None:
    by_aer = {name for name in TURNED if a_drawing(_alone(name)).bound_by_aer}

    assert by_aer == {"p", "phase", "u1", "rx", "ry", "rz", "u", "U", "u2", "u3", "rxx", "ryy", "rzz"}
    assert "cp" not in BOUND_BY_AER


def test_what_aer_fills_in_wrongly_is_found_out_and_left_to_qiskit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "BOUND_BY_AER", drawing.BOUND_BY_AER | {"cu", "cp"})
    turned = [Gate("ry", (qubit,), (0.4 + qubit,)) for qubit in range(2)]

    found = {
        name: a_drawing(
            Circuit(2, (), (*turned, Gate(name, (0, 1), (0.3,) * GATES[name].angles), Gate("h", (0,)), Gate("h", (1,))))
        ).bound_by_aer
        for name in ("cu", "cp", "rxx")
    }

    assert found == {"cu": False, "cp": False, "rxx": True}


def _alone(name: str) -> Circuit:
    gate = GATES[name]
    return Circuit(gate.qubits, (), (Gate(name, tuple(range(gate.qubits)), (0.3,) * gate.angles),))


@pytest.mark.parametrize("seed", range(6))
def test_many_sets_at_once_are_bit_by_bit_those_of_one(seed: int) -> None:
    circuit = a_unitary(4, seed)
    made, angles = a_drawing(circuit), angles_of(circuit)
    other = tuple(angle + 0.1 for angle in angles)

    [alone] = TARGET.probabilities(made, UNFITTED, [angles])
    among = TARGET.probabilities(made, UNFITTED, [other, angles, other])[1]

    assert np.array_equal(alone, among)


def test_bits_are_read_from_the_qubits_that_are_measured_into_them() -> None:
    circuit = Circuit(3, (Register("c", 3),), (Gate("x", (0,)), Measure(0, 2), Measure(1, 0)))
    made = a_drawing(circuit)
    [probabilities] = TARGET.probabilities(made, UNFITTED, [()])

    assert made.drawn(probabilities, 50, 1) == {0b100: 50}


def test_each_run_in_order_adds_up_to_the_counts_of_the_same_seed() -> None:
    circuit = Circuit(3, (Register("c", 3),), (Gate("h", (0,)), Gate("cx", (0, 2)), Measure(0, 1), Measure(2, 2)))
    made = a_drawing(circuit)
    [probabilities] = TARGET.probabilities(made, UNFITTED, [()])

    runs = made.memory(probabilities, 200, 9)

    assert Counter(runs) == made.drawn(probabilities, 200, 9)
    assert set(runs) == {0b000, 0b110}


def test_an_outcome_that_cannot_be_is_never_drawn() -> None:
    made = a_drawing(Circuit(2, (Register("c", 2),), (Measure(0, 0), Measure(1, 1))))

    found = made.drawn(np.array([0.0, 0.6, 0.4, 0.0]), 10_000, 5)

    assert set(found) == {1, 2}
    assert abs(found[1] - 6000) < 5 * np.sqrt(10_000 * 0.24)


@pytest.mark.parametrize(
    ("operations", "drawn"),
    [
        ((Gate("h", (0,)), Measure(0, 0), Measure(1, 1)), True),
        ((Gate("h", (0,)), Measure(0, 0), Barrier((0, 1)), Gate("x", (1,)), Measure(1, 1)), True),
        ((Measure(0, 0), Measure(0, 1)), True),
        ((Gate("h", (0,)), Measure(0, 0), Gate("h", (0,)), Measure(1, 1)), False),
        ((Measure(0, 0), Measure(1, 0)), False),
        ((Gate("h", (0,)), Reset(0), Measure(0, 0)), False),
        ((Measure(0, 0), Branch((0,), (1,), (Gate("x", (1,)),))), False),
    ],
)
def test_what_measures_at_its_end_alone_is_drawn(operations: tuple[Operation, ...], drawn: bool) -> None:
    assert is_drawn(Circuit(2, (Register("c", 2),), operations)) is drawn


def test_wide_circuits_are_sampled_by_aer() -> None:
    assert is_drawn(Circuit(DRAWN_QUBITS_MAX, (), ()))
    assert not is_drawn(Circuit(DRAWN_QUBITS_MAX + 1, (), ()))
