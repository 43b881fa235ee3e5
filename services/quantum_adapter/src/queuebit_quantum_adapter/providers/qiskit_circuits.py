"""What Qiskit made of circuits: as a fingerprint, and as files. Imported in worker processes only."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Sequence
from typing import Any

from qiskit import qasm3, qpy

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.evidence.port import Program

DIGITS = 12
TEXTS_MAX = 16
"""So many circuits of a request are written as text too; all are in the one file of QPY."""
_log = logging.getLogger(__name__)


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


def shown(circuits: Sequence[Any]) -> tuple[Program, ...]:
    """All of them as QPY, and the first of them as OpenQASM 3, where that has the words for it. The same circuits give the same
    bytes, also where Qiskit has numbered them otherwise.
    """
    if not circuits:
        return ()
    file = io.BytesIO()
    named = [circuit.copy(name=f"circuit-{place}") for place, circuit in enumerate(circuits)]
    qpy.dump(named, file)
    found = [Program("ran.qpy", file.getvalue())]
    for place, circuit in enumerate(named[:TEXTS_MAX]):
        try:
            found.append(Program(f"ran-{place}.qasm", qasm3.dumps(circuit).encode()))
        except qasm3.QASM3ExporterError as error:
            _log.info("A circuit has no OpenQASM 3: %s", error)
    return tuple(found)


def calibration_fingerprint(properties: Any) -> str | None:
    """SHA-256 of all that was measured of a device, as Qiskit has it; None where nothing was."""
    if properties is None:
        return None
    return fingerprint(json.loads(json.dumps(properties.to_dict(), default=str)))


def _rounded(value: Any) -> float:
    return round(float(value), DIGITS) + 0.0
