"""Circuits as Cirq runs them on the qubits of a processor, and back by their matrices. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cirq
import numpy as np

from queuebit_circuits.circuit import Circuit, Gate, Measure, Operation, Register
from queuebit_quantum_adapter.errors import NotEquivalent

BASIS = ("cz", "rz", "sx", "x")
"""What Google's processors have of Qiskit's gates: turns about Z by any angle, about X by a half and a quarter, and CZ."""
_CZ = np.diag([1, 1, 1, -1]).astype(np.complex128)


def to_cirq(circuit: Any, place: Sequence[Any]) -> Any:
    """A bound Qiskit circuit in that basis, each qubit at a place of the processor; a key names the classical bits."""
    made: list[Any] = []
    reads: dict[Any, list[int]] = {}
    for item in circuit.data:
        at = [place[circuit.find_bit(qubit).index] for qubit in item.qubits]
        match item.operation.name:
            case "cz":
                made.append(cirq.CZ(*at))
            case "rz":
                made.append(cirq.rz(float(item.operation.params[0]))(*at))
            case "sx":
                made.append((cirq.X**0.5)(*at))
            case "x":
                made.append(cirq.X(*at))
            case "measure":
                reads.setdefault(at[0], []).append(circuit.find_bit(item.clbits[0]).index)
            case "barrier":
                pass
            case name:
                raise NotEquivalent(f"A conversion made a gate {name[:60]!r} that no processor has.")
    ends = [cirq.measure(qubit, key="+".join(map(str, clbits))) for qubit, clbits in reads.items()]
    return cirq.Circuit(made, cirq.Moment(ends))


def from_cirq(circuit: Any, clbits: int) -> Circuit:
    """What a Cirq circuit does, by the matrices of its operations. Raises NotEquivalent."""
    place = {qubit: index for index, qubit in enumerate(sorted(circuit.all_qubits()))}
    found: list[Operation] = []
    for operation in circuit.all_operations():
        at = tuple(place[qubit] for qubit in operation.qubits)
        if cirq.is_measurement(operation):
            found += [Measure(at[0], clbit) for clbit in bits_of(cirq.measurement_key_name(operation))]
        elif len(at) == 1:
            first, turn, last = cirq.deconstruct_single_qubit_matrix_into_angles(cirq.unitary(operation))
            turns = (("rz", first), ("ry", turn), ("rz", last))
            found += [Gate(name, at, (float(angle),)) for name, angle in turns]
        elif np.allclose(cirq.unitary(operation), _CZ):
            found.append(Gate("cz", at))
        else:
            raise NotEquivalent(f"Cirq does something else than CZ between two qubits: {operation.gate}.")
    return Circuit(len(place), (Register("c", clbits),) if clbits else (), tuple(found))


def bits_of(key: str) -> list[int]:
    """The classical bits that one measurement is read into."""
    return [int(each) for each in key.split("+")]


def counted(measurements: Mapping[str, Any], shots: int) -> dict[int, int]:
    """How often each outcome was seen: bit k of the integer is classical bit k."""
    outcomes = np.zeros(shots, dtype=object)
    for key, rows in measurements.items():
        column = np.asarray(rows)[:, 0].astype(object)
        for clbit in bits_of(key):
            outcomes = outcomes + column * (1 << clbit)
    values, counts = np.unique(outcomes, return_counts=True)
    return {int(bits): int(count) for bits, count in zip(values, counts, strict=True)}
