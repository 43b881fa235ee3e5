"""The fingerprint of what Qiskit made of a circuit. Imported in worker processes only."""

from __future__ import annotations

from typing import Any

from queuebit_contracts.canonical import fingerprint

DIGITS = 12


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
