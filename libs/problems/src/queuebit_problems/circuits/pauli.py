"""Observables as sums of Pauli strings, exact in their coefficients as far as floating point is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PauliSum:
    """sum_k c_k P_k. Each string has one letter of IXYZ a qubit; letter q is qubit q (leftmost qubit 0, unlike Qiskit).

    `unit` is that of the value, in the field's own word (hartree), or "".
    """

    qubits: int
    terms: tuple[tuple[float, str], ...]
    unit: str = ""
