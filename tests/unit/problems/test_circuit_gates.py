"""Gates and state vectors agree with Qiskit's; keys are written in its order."""

from __future__ import annotations

import cmath
import math
import random
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Operator, Statevector

from queuebit_circuits.circuit import Circuit, Gate, Register
from queuebit_circuits.gates import ALIASES, GATES, matrix_of
from queuebit_circuits.simulator import statevector

ANGLES = (0.3, 1.1, -0.7, 0.45)
IN_QISKIT: dict[str, Any] = {
    "id": library.IGate, "x": library.XGate, "y": library.YGate, "z": library.ZGate, "h": library.HGate,
    "s": library.SGate, "sdg": library.SdgGate, "t": library.TGate, "tdg": library.TdgGate, "sx": library.SXGate,
    "sxdg": library.SXdgGate, "p": library.PhaseGate, "phase": library.PhaseGate, "rx": library.RXGate,
    "ry": library.RYGate, "rz": library.RZGate, "u1": library.U1Gate, "u": library.UGate, "cx": library.CXGate,
    "CX": library.CXGate, "cy": library.CYGate, "cz": library.CZGate, "ch": library.CHGate, "csx": library.CSXGate,
    "cp": library.CPhaseGate, "cphase": library.CPhaseGate, "cu1": library.CU1Gate, "crx": library.CRXGate,
    "cry": library.CRYGate, "crz": library.CRZGate, "cu3": library.CU3Gate, "cu": library.CUGate,
    "ccx": library.CCXGate, "c3x": library.C3XGate, "c3sqrtx": library.C3SXGate, "c4x": library.C4XGate,
    "swap": library.SwapGate, "cswap": library.CSwapGate, "rxx": library.RXXGate, "ryy": library.RYYGate,
    "rzz": library.RZZGate, "rccx": library.RCCXGate, "rc3x": library.RC3XGate,
}  # fmt: skip
"""`u0` is an idle time; `U`, `u2` and `u3` differ from Qiskit's by their global phase."""


def _angles(name: str) -> tuple[float, ...]:
    return ANGLES[: GATES[name].angles]


@pytest.mark.parametrize("name", IN_QISKIT)
def test_a_gate_is_the_one_of_qiskit(name: str) -> None:
    theirs = Operator(IN_QISKIT[name](*_angles(name))).reverse_qargs().data  # Our first qubit is the most significant.

    assert np.allclose(np.array(GATES[name].matrix(*_angles(name))), theirs, atol=1e-15)


def test_every_gate_is_compared_or_has_another_global_phase() -> None:
    assert set(GATES) - set(IN_QISKIT) == {"u0", "U", "u2", "u3"}


@pytest.mark.parametrize(
    ("name", "phase", "plain"),
    [
        ("U", 0.3 / 2, (0.3, 1.1, -0.7)),
        ("u3", -(1.1 - 0.7) / 2, (0.3, 1.1, -0.7)),
        ("u2", -(0.3 + 1.1) / 2, (math.pi / 2, 0.3, 1.1)),
    ],
)
def test_global_phases_are_those_of_openqasm_3(name: str, phase: float, plain: tuple[float, ...]) -> None:
    """stdgates.inc: u3 is gphase(-(φ+λ+θ)/2) U(θ, φ, λ), u2 likewise with θ = π/2, where U has the phase θ/2."""
    ours = np.array(GATES[name].matrix(*_angles(name)))

    assert np.allclose(ours, cmath.rect(1, phase) * np.array(GATES["u"].matrix(*plain)), atol=1e-15)


def test_aliases_are_the_same_gates() -> None:
    for name, other in ALIASES.items():
        assert GATES[name].matrix(*_angles(name)) == GATES[other].matrix(*_angles(name)[: GATES[other].angles])


@pytest.mark.parametrize("seed", range(12))
def test_state_vectors_of_random_circuits_are_those_of_qiskit(seed: int) -> None:
    rng, qubits = random.Random(seed), 6
    gates, theirs = [], QuantumCircuit(qubits)
    for _ in range(40):
        name = rng.choice(sorted(GATES))
        named = tuple(rng.sample(range(qubits), GATES[name].qubits))
        gates.append(Gate(name, named, tuple(rng.uniform(-7, 7) for _ in range(GATES[name].angles))))
        theirs.append(UnitaryGate(np.array(matrix_of(gates[-1]))), named[::-1])

    assert np.allclose(statevector(Circuit(qubits, (), tuple(gates))), Statevector(theirs).data, atol=1e-12)


def _keyed(*registers: Register) -> Circuit:
    return Circuit(1, registers, ())


@pytest.mark.parametrize(
    ("circuit", "bits", "key"),
    [
        (_keyed(Register("c", 4)), 0b0010, "0010"),
        (_keyed(Register("c", 3), Register("syn", 2)), 0b01_110, "01 110"),
        (_keyed(*(Register(f"c{k}", 1, loose=True) for k in range(3))), 0b011, "011"),
        (_keyed(*(Register(f"c{k}", 1) for k in range(3))), 0b011, "0 1 1"),
        (_keyed(Register("a", 1, loose=True), Register("b", 1, loose=True), Register("c", 2)), 0b10_01, "10 01"),
        (_keyed(Register("c", 2), Register("a", 1, loose=True)), 0b1_10, "1 10"),
        (_keyed(Register("c", 100)), 1 << 99, "1" + "0" * 99),
    ],
)
def test_keys_have_the_highest_index_and_the_last_register_leftmost(circuit: Circuit, bits: int, key: str) -> None:
    assert circuit.key(bits) == key
    assert circuit.bits(key) == bits


@pytest.mark.parametrize("text", ["", "0", "000", "0000", "00 00", "0 00 ", "00  0", "0 0٠", "0b 1", "+1 0"])
def test_what_is_no_key_has_no_bits(text: str) -> None:
    assert _keyed(Register("c", 2), Register("d", 1)).bits(text) is None
