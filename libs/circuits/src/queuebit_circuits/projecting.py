"""What measurements and resets make of a state vector: its parts by the value of one qubit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.applying import State

WEIGHT_MIN = 1e-15
"""Parts that are less likely are none; rounding leaves about 1e-32 where nothing should be."""


def halves(state: State, qubits: int, qubit: int) -> tuple[NDArray[Any], NDArray[Any]]:
    view = state.reshape(1 << (qubits - qubit - 1), 2, 1 << qubit)
    return view[:, 0, :], view[:, 1, :]


def weight(part: NDArray[Any]) -> float:
    return float(np.sum(part.real**2) + np.sum(part.imag**2))


def project(state: State, qubits: int, qubit: int) -> State | None:
    """Where the qubit can be 0 and 1: leave the part with 0 in `state` and return the part with 1; else None."""
    zero, one = halves(state, qubits, qubit)
    if weight(one) < WEIGHT_MIN:
        one[...] = 0
        return None
    if weight(zero) < WEIGHT_MIN:
        zero[...] = 0
        return None
    other = np.zeros_like(state)
    halves(other, qubits, qubit)[1][...] = one
    one[...] = 0
    return other


def is_one(state: State, qubits: int, qubit: int) -> bool:
    return bool(halves(state, qubits, qubit)[1].any())


def flip(state: State, qubits: int, qubit: int) -> None:
    """From |1> to |0>."""
    zero, one = halves(state, qubits, qubit)
    zero[...] = one
    one[...] = 0
