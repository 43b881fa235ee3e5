"""Clifford circuits compared at any size: where each takes random Pauli strings. Imported in worker processes only.

A Clifford gate takes Pauli strings to Pauli strings, up to a sign, and a Clifford circuit is known, up to a phase, by where it
takes them. Letters are numbers from 0: I, Z, X, Y; strings are columns of letters, one row a qubit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from queuebit_quantum_adapter.verification.matrices import Matrix, Unitary

Bits = NDArray[np.int64]

_LETTERS = (
    np.eye(2, dtype=np.complex128),
    np.array([[1, 0], [0, -1]], dtype=np.complex128),
    np.array([[0, 1], [1, 0]], dtype=np.complex128),
    np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
)
"""By their number."""
WIDTH_MAX = 3


class PauliStrings:
    """Random strings on their way through a circuit."""

    def __init__(self, qubits: int, count: int, generator: np.random.Generator) -> None:
        self.letters: Bits = generator.integers(0, 4, size=(qubits, count))
        self.signs: Bits = np.zeros(count, dtype=np.int64)

    def copy(self) -> PauliStrings:
        twin = PauliStrings.__new__(PauliStrings)
        twin.letters, twin.signs = self.letters.copy(), self.signs.copy()
        return twin

    def pass_through(self, gates: Iterable[Unitary]) -> None:
        """Raises ValueError where a gate is no Clifford gate."""
        for gate in gates:
            found = image_of(gate.matrix.tobytes(), len(gate.qubits))
            if found is None:
                raise ValueError(f"a gate on {gate.qubits} is no Clifford gate")
            images, signs = found
            index = np.zeros(self.signs.shape, dtype=np.int64)
            for qubit in gate.qubits:
                index = index * 4 + self.letters[qubit]
            self.signs ^= signs[index]
            after = images[index]
            for qubit in reversed(gate.qubits):
                self.letters[qubit] = after & 3
                after = after >> 2

    def agreement(self, other: PauliStrings) -> float:
        """The share of strings that are the same."""
        same = (self.letters == other.letters).all(axis=0) & (self.signs == other.signs)
        return float(same.mean()) if same.size else 1.0


def is_clifford(matrix: Matrix, width: int) -> bool:
    """Whether a matrix takes Pauli strings to Pauli strings."""
    return image_of(matrix.tobytes(), width) is not None


@lru_cache(maxsize=1024)
def image_of(matrix: bytes, width: int) -> tuple[Bits, Bits] | None:
    """For each string of so many letters (in base 4, first qubit first) its image and whether the sign turns; None where the
    matrix is no Clifford gate, or wider than is tried.
    """
    if width > WIDTH_MAX:
        return None
    size = 2**width
    gate = np.frombuffer(matrix, dtype=np.complex128).reshape(size, size)
    strings = _strings(width)
    turned = gate @ strings @ gate.conj().T
    overlaps = np.einsum("aij,bji->ab", turned, strings) / size
    images = np.abs(overlaps).argmax(axis=1)
    values = overlaps[np.arange(len(strings)), images]
    if not np.allclose(np.abs(values), 1, atol=1e-9):
        return None
    return images.astype(np.int64), (values.real < 0).astype(np.int64)


@lru_cache(maxsize=WIDTH_MAX + 1)
def _strings(width: int) -> Matrix:
    rows = []
    for letters in product(range(4), repeat=width):
        rows.append(_kron([_LETTERS[letter] for letter in letters]))
    return np.array(rows)


def _kron(factors: Sequence[Matrix]) -> Matrix:
    whole: Matrix = np.ones((1, 1), dtype=np.complex128)
    for factor in factors:
        whole = np.asarray(np.kron(whole, factor), dtype=np.complex128)
    return whole
