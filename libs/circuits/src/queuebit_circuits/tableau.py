"""A stabilizer state as Aaronson and Gottesman's tableau: n rows of destabilizers, then n of stabilizers.

Gates work on columns (of a qubit, over all rows), measurements on rows; what is needed is made from the other when it is. The
sign of a row is a parity: bit 0 of its mask says minus, bit j + 1 that coin j turns it.
"""

from __future__ import annotations

from collections.abc import Iterable

from queuebit_circuits.steps import Step


class Tableau:
    """All qubits begin as 0."""

    def __init__(self, qubits: int) -> None:
        self._n = qubits
        self._x = [1 << q for q in range(qubits)]
        self._z = [1 << qubits + q for q in range(qubits)]
        self._signs = [0] * (2 * qubits)
        self._minus = 0
        """Of rows, which gates have changed the sign of since `_signs` were last brought up to date."""
        self._by_column = True
        self.coins = 0

    def apply(self, steps: Iterable[Step]) -> None:
        """Apply gates."""
        self._columns()
        x, z = self._x, self._z
        for name, qubits in steps:
            a = qubits[0]
            if name == "h":
                self._minus ^= x[a] & z[a]
                x[a], z[a] = z[a], x[a]
            elif name == "s":
                self._minus ^= x[a] & z[a]
                z[a] ^= x[a]
            else:
                b = qubits[1]
                self._minus ^= x[a] & z[b] & ~(x[b] ^ z[a])
                x[b] ^= x[a]
                z[a] ^= z[b]

    def turn(self, pauli: str, qubit: int, parity: int) -> None:
        """Apply a Pauli gate where a parity of coins is odd."""
        if not parity:
            return
        self._rows()
        bit = 1 << qubit
        for row in range(2 * self._n):
            along = (self._z[row] if pauli in ("x", "y") else 0) ^ (self._x[row] if pauli in ("z", "y") else 0)
            if along & bit:
                self._signs[row] ^= parity

    def measure(self, qubit: int) -> int:
        """Measure a qubit; its value as a parity, of a new coin where it is not settled."""
        self._rows()
        n, bit = self._n, 1 << qubit
        pivot = next((row for row in range(n, 2 * n) if self._x[row] & bit), None)
        if pivot is None:
            return self._settled(bit)
        for row in range(2 * n):
            if row != pivot and self._x[row] & bit:
                self._multiply(row, pivot)
        self._x[pivot - n], self._z[pivot - n] = self._x[pivot], self._z[pivot]
        self._signs[pivot - n] = self._signs[pivot]
        self.coins += 1
        self._x[pivot], self._z[pivot], self._signs[pivot] = 0, bit, 1 << self.coins
        return self._signs[pivot]

    def _settled(self, bit: int) -> int:
        n = self._n
        x = z = sign = 0
        for row in range(n):
            if self._x[row] & bit:
                sign ^= self._signs[row + n] ^ _minus_of(x, z, self._x[row + n], self._z[row + n])
                x ^= self._x[row + n]
                z ^= self._z[row + n]
        return sign

    def _multiply(self, row: int, by: int) -> None:
        self._signs[row] ^= self._signs[by] ^ _minus_of(self._x[row], self._z[row], self._x[by], self._z[by])
        self._x[row] ^= self._x[by]
        self._z[row] ^= self._z[by]

    def _rows(self) -> None:
        if self._by_column:
            rows = 2 * self._n
            self._x, self._z = _transposed(self._x, rows), _transposed(self._z, rows)
            self._signs = [sign ^ (self._minus >> row & 1) for row, sign in enumerate(self._signs)]
            self._minus, self._by_column = 0, False

    def _columns(self) -> None:
        if not self._by_column:
            self._x, self._z = _transposed(self._x, self._n), _transposed(self._z, self._n)
            self._by_column = True


def _minus_of(x: int, z: int, other_x: int, other_z: int) -> int:
    """1 where the product of two Pauli strings that commute has a minus beside the strings multiplied letter by letter."""
    plus = (x & ~z & other_x & other_z) | (x & z & ~other_x & other_z) | (~x & z & other_x & ~other_z)
    minus = (x & z & other_x & ~other_z) | (~x & z & other_x & other_z) | (x & ~z & ~other_x & other_z)
    return (plus.bit_count() - minus.bit_count()) % 4 >> 1


def _transposed(lines: list[int], width: int) -> list[int]:
    found = [0] * width
    for place, line in enumerate(lines):
        bit = 1 << place
        while line:
            low = line & -line
            found[low.bit_length() - 1] |= bit
            line ^= low
    return found
