"""From our circuits to Qiskit's, and the fingerprint of what Qiskit made of them. Imported in worker processes only."""

from __future__ import annotations

from typing import Any, assert_never

from qiskit.circuit import ParameterVector, QuantumCircuit

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.circuits import Template
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit

DIGITS = 12


def to_qiskit(template: Template) -> OpenCircuit:
    """The same circuit in Qiskit; qubit q is measured into classical bit q."""
    angles = ParameterVector("t", template.slots)
    circuit = QuantumCircuit(template.qubits, template.qubits)
    for gate in template.gates:
        angle = None if gate.slot is None else angles[gate.slot]
        match gate.name:
            case "h":
                circuit.h(gate.qubits[0])
            case "x":
                circuit.x(gate.qubits[0])
            case "cx":
                circuit.cx(gate.qubits[0], gate.qubits[1])
            case "rx":
                circuit.rx(angle, gate.qubits[0])
            case "ry":
                circuit.ry(angle, gate.qubits[0])
            case "rz":
                circuit.rz(angle, gate.qubits[0])
            case "rxx":
                circuit.rxx(angle, gate.qubits[0], gate.qubits[1])
            case "ryy":
                circuit.ryy(angle, gate.qubits[0], gate.qubits[1])
            case "rzz":
                circuit.rzz(angle, gate.qubits[0], gate.qubits[1])
            case _:
                assert_never(gate.name)
    circuit.measure(range(template.qubits), range(template.qubits))
    return OpenCircuit(circuit, angles)


def circuit_fingerprint(circuit: Any) -> str:
    """SHA-256 of the bound circuit as canonical JSON: operations, qubits, bits, angles to 12 digits, global phase.

    It names neither the circuit nor its parameters, so that it is the same in every process.
    """
    qubit_of = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    bit_of = {bit: index for index, bit in enumerate(circuit.clbits)}
    operations = [
        [
            item.name,
            [qubit_of[qubit] for qubit in item.qubits],
            [bit_of[bit] for bit in item.clbits],
            [_rounded(value) for value in item.params],
        ]
        for item in circuit.data
    ]
    return fingerprint(
        {"qubits": circuit.num_qubits, "operations": operations, "phase": _rounded(circuit.global_phase)}
    )


def _rounded(value: Any) -> float:
    return round(float(value), DIGITS) + 0.0
