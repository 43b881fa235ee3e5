"""Circuits as text: what is written as OpenQASM 3 is read back as the same circuit; equal circuits have equal fingerprints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Register
from queuebit_circuits.gates import GATES
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution, statevector
from queuebit_circuits.text import batch_print, to_qasm3
from tests.unit.quantum_adapter.circuits_at_random import a_dynamic, a_unitary


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_is_read_back_up_to_a_phase(name: str) -> None:
    kind = GATES[name]
    turns = tuple(Gate("u", (qubit,), (0.3 + qubit, 0.2, 0.1 * qubit)) for qubit in range(5))
    gate = Gate(name, tuple(reversed(range(kind.qubits))), tuple(0.3 + 0.4 * k for k in range(kind.angles)))
    circuit = Circuit(5, (), (*turns, gate))

    again = read_circuit(to_qasm3(circuit))

    assert abs(np.vdot(statevector(circuit), statevector(again))) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_measurements_resets_and_conditions_are_read_back(seed: int) -> None:
    circuit = a_dynamic(4, seed)

    assert distribution(read_circuit(to_qasm3(circuit))) == pytest.approx(distribution(circuit), abs=1e-9)


def test_names_of_registers_do_not_meet_that_of_the_qubits() -> None:
    operations = (Gate("x", (0,)), Barrier((0,)), Measure(0, 0), Branch((0,), (2,), (), (Measure(0, 1),)))
    circuit = Circuit(1, (Register("q", 1), Register("qq", 1, loose=True)), operations)

    assert to_qasm3(circuit).splitlines()[2:] == [
        "bit[1] q;",
        "bit qq;",
        "qubit[1] qqq;",
        "x qqq[0];",
        "barrier qqq[0];",
        "q[0] = measure qqq[0];",
        "qq = measure qqq[0];",
    ]


def test_equal_circuits_have_one_fingerprint_and_others_have_others() -> None:
    one = a_unitary(3, 1)
    longer = replace(one, operations=(*one.operations, Gate("x", (0,))))

    assert one.fingerprint == a_unitary(3, 1).fingerprint == batch_print([one])
    assert len({one.fingerprint, longer.fingerprint, batch_print([one, longer]), batch_print([longer, one])}) == 4
