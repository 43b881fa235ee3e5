"""Operators of OpenFermion: ((0, "X"), (2, "Z")) is X on qubit 0 and Z on qubit 2."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import letters_of, observable, one_of, real, refuse


def problem(operator: Any, kind: str | None) -> dict[str, Any]:
    """expectation: the least value. Letter q of each string acts on qubit q."""
    one_of(kind or "expectation", "QubitOperator", ("expectation",))
    terms = getattr(operator, "terms", None)
    acting = [factor for term in terms or () for factor in term]
    if not isinstance(terms, dict) or not all(str(letter) in "XYZ" for _, letter in acting):
        refuse(f"A {type(operator).__name__} is no sum of Pauli strings.", "Submit jordan_wigner(operator).")
    qubits = max((int(place) for place, _ in acting), default=0) + 1
    told = {letters_of({int(q): str(letter) for q, letter in term}, qubits): real(c) for term, c in terms.items()}
    return {"kind": "expectation", "statement": {"observable": observable(qubits, told)}}
