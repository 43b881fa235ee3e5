"""Circuits of a device carried over to the qubits that they use. Imported in worker processes only."""

from __future__ import annotations

from typing import Any

from qiskit.circuit import QuantumCircuit, QuantumRegister

IGNORED = frozenset({"barrier", "delay"})


def on_active_qubits(circuit: Any) -> tuple[Any, tuple[int, ...]]:
    """The circuit on the qubits that it uses, in their order, and which qubits of the device these are."""
    doing = [item for item in circuit.data if item.operation.name not in IGNORED]
    used = sorted({circuit.find_bit(qubit).index for item in doing for qubit in item.qubits})
    register = QuantumRegister(len(used))
    place = {physical: register[index] for index, physical in enumerate(used)}
    compact = QuantumCircuit(register, circuit.clbits, *circuit.cregs, global_phase=circuit.global_phase)
    for item in doing:
        compact.append(item.operation, [place[circuit.find_bit(qubit).index] for qubit in item.qubits], item.clbits)
    return compact, tuple(used)
