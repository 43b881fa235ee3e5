"""Circuits and Pauli sums of Cirq: qubits in their sorted order, as Cirq itself writes them."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import letters_of, observable, one_of, real, refuse


def problem(thing: Any, kind: str | None) -> dict[str, Any]:
    """A circuit is sampled; of each measurement the qubit that is named first is bit 0, which is written rightmost, while Cirq
    writes it leftmost. Of a PauliSum the least value is sought.
    """
    if hasattr(thing, "to_qasm"):
        one_of(kind or "circuit_sampling", "circuit of Cirq", ("circuit_sampling",))
        return {"kind": "circuit_sampling", "statement": {"qasm": thing.to_qasm()}}
    one_of(kind or "expectation", "sum of Cirq", ("expectation",))
    strings = [thing] if hasattr(thing, "coefficient") else list(thing) if hasattr(thing, "__iter__") else []
    if not strings or not all(hasattr(each, "coefficient") for each in strings):
        refuse(
            f"A {type(thing).__name__} is no circuit and no sum of Pauli strings.", "Submit a Circuit or a PauliSum."
        )
    qubits = sorted({qubit for each in strings for qubit in each})
    place = {qubit: k for k, qubit in enumerate(qubits)}
    terms = {
        letters_of({place[qubit]: str(pauli) for qubit, pauli in each.items()}, max(1, len(qubits))): real(
            each.coefficient
        )
        for each in strings
    }
    return {"kind": "expectation", "statement": {"observable": observable(max(1, len(qubits)), terms)}}
