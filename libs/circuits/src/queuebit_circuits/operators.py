"""Pauli sums as linear maps on states, on all of them or on those with given numbers of ones; and their lowest eigenvalue.

This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from queuebit_circuits.pauli import PauliSum, bases, masks, rotations
from queuebit_circuits.simulator import State, apply

Indices = npt.NDArray[np.int64]

DIMENSION_MAX = 1 << 16
"""The largest space that a lowest eigenvalue is looked for in: 16 qubits, or 18 that hold 9 ones."""
ENTRIES_MAX = 1 << 22
"""Non-zero entries of the matrix, 24 bytes each: some ten seconds of one processor."""
DENSE_MAX = 256
KRYLOV = 60
RESTARTS_MAX = 60
_CACHED_MAX = 1 << 20
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Sector:
    """The states with `count` ones among each group of qubits: (qubits, count), groups disjoint. Other qubits are 0 or 1."""

    groups: tuple[tuple[tuple[int, ...], int], ...]

    def dimension(self, qubits: int) -> int:
        """How many basis states there are."""
        free = qubits - sum(len(group) for group, _ in self.groups)
        return math.prod((math.comb(len(group), count) for group, count in self.groups), start=1 << free)

    def states(self, qubits: int) -> Indices:
        """The basis states as indices, in ascending order."""
        held = {qubit for group, _ in self.groups for qubit in group}
        parts = [[sum(1 << q for q in chosen) for chosen in combinations(group, count)] for group, count in self.groups]
        parts += [[0, 1 << qubit] for qubit in range(qubits) if qubit not in held]
        return np.array(sorted(sum(choice) for choice in product(*parts)), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Lowest:
    """The lowest eigenvalue found, a vector of it over `states`, and how far H v - value v is from 0.

    An eigenvalue lies within `residual` of the value, so that `value - residual` is below the lowest one where, as with a
    random start, it is the lowest that was found.
    """

    value: float
    residual: float
    dimension: int


def expectation(state: State, observable: PauliSum) -> float:
    """<state|observable|state>. The state has 2**qubits amplitudes, bit q of the index being qubit q."""
    if state.shape != (1 << observable.qubits,):
        raise ValueError(f"an observable of {observable.qubits} qubits and a state of shape {state.shape}")
    groups = len({masks(letters)[0] for _, letters in observable.terms})
    if groups * len(state) <= _CACHED_MAX:
        flips, diagonals = _diagonals(observable)
        index = np.arange(len(state))[None, :] ^ flips[:, None]
        return float((diagonals * (state.conj()[index] * state[None, :])).sum().real)
    total = 0.0
    for flip, terms in by_flip(observable).items():
        turned = state.conj()[np.arange(len(state)) ^ flip] * state
        total += float((_diagonal(terms, np.arange(len(state))) * turned).sum().real)
    return total


def by_flip(observable: PauliSum) -> dict[int, list[tuple[complex, int]]]:
    """For each set of flipped bits, the (coefficient with phase, mask of signs) of its strings."""
    found: dict[int, list[tuple[complex, int]]] = {}
    for coefficient, letters in observable.terms:
        flips, signs = masks(letters)
        phase = (1, 1j, -1, -1j)[(flips & signs).bit_count() % 4]
        found.setdefault(flips, []).append((coefficient * phase, signs))
    return found


def _diagonal(terms: Sequence[tuple[complex, int]], states: Indices) -> State:
    """sum_k c_k (-1)^|b & z_k| for each basis state b."""
    total = np.zeros(len(states), dtype=np.complex128)
    for coefficient, signs in terms:
        total += coefficient * (1.0 - 2.0 * (np.bitwise_count(states & signs) & 1))
    return total


@lru_cache(maxsize=8)
def _diagonals(observable: PauliSum) -> tuple[Indices, State]:
    """All flips and their diagonals, for observables that are asked for many times."""
    states = np.arange(1 << observable.qubits, dtype=np.int64)
    groups = by_flip(observable)
    return np.array(list(groups), dtype=np.int64), np.stack([_diagonal(terms, states) for terms in groups.values()])


class Matrix:
    """The observable on the basis states of a sector, as the non-zero entries of each set of flips."""

    def __init__(self, observable: PauliSum, sector: Sector) -> None:
        self.states = sector.states(observable.qubits)
        self._parts = list(self._entries(observable))
        self.real = all(not np.iscomplexobj(values) for _, _, values in self._parts)

    def _entries(self, observable: PauliSum) -> Iterator[tuple[Indices, Indices, npt.NDArray[Any]]]:
        for flip, terms in by_flip(observable).items():
            values = _diagonal(terms, self.states)
            turned = self.states ^ flip
            rows = np.minimum(np.searchsorted(self.states, turned), len(self.states) - 1)
            columns = np.flatnonzero((self.states[rows] == turned) & (np.abs(values) > 0))
            kept = values[columns]
            if len(columns):
                yield rows[columns], columns, kept if kept.imag.any() else kept.real

    def apply(self, vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The matrix times a vector. Within a part no row appears twice, so that adding by index is safe."""
        result: npt.NDArray[Any] = np.zeros(len(vector), dtype=vector.dtype if self.real else np.complex128)
        for rows, columns, values in self._parts:
            result[rows] += values * vector[columns]
        return result

    def dense(self) -> npt.NDArray[Any]:
        size = len(self.states)
        table = np.zeros((size, size), dtype=np.float64 if self.real else np.complex128)
        for rows, columns, values in self._parts:
            table[rows, columns] += values
        return table


def lowest(observable: PauliSum, sector: Sector | None = None, *, seed: int = 0) -> Lowest | None:
    """The lowest eigenvalue in a sector that the observable keeps, or over all states; None where the space is too large.

    Small spaces are diagonalised whole, others by a restarted Lanczos iteration from a random vector.
    """
    sector = sector or Sector(())
    dimension = sector.dimension(observable.qubits)
    flips = len({masks(letters)[0] for _, letters in observable.terms})
    if dimension > DIMENSION_MAX or dimension * flips > ENTRIES_MAX:
        return None
    matrix = Matrix(observable, sector)
    scale = max(1e-300, abs(observable.constant) + observable.spread)
    if dimension <= DENSE_MAX:
        values, vectors = np.linalg.eigh(matrix.dense())
        residual = float(np.linalg.norm(matrix.apply(vectors[:, 0]) - values[0] * vectors[:, 0]))
        return Lowest(float(values[0]), max(residual, scale * 1e-14), dimension)
    return _lanczos(matrix, scale, np.random.default_rng(seed))


def _lanczos(matrix: Matrix, scale: float, rng: np.random.Generator) -> Lowest | None:
    """Full orthogonalisation within a cycle, restarted from the best vector; None where it does not settle."""
    size = len(matrix.states)
    vector: npt.NDArray[Any] = rng.standard_normal(size)
    if not matrix.real:
        vector = vector + 1j * rng.standard_normal(size)
    for _ in range(RESTARTS_MAX):
        vector = vector / np.linalg.norm(vector)
        basis = np.zeros((KRYLOV, size), dtype=vector.dtype)
        basis[0] = vector
        projected = np.zeros((KRYLOV, KRYLOV))
        used = KRYLOV
        for step in range(KRYLOV):
            following = matrix.apply(basis[step])
            projected[step, step] = np.vdot(basis[step], following).real
            for _ in range(2):
                following = following - (basis[: step + 1].conj() @ following) @ basis[: step + 1]
            rest = float(np.linalg.norm(following))
            if step + 1 == KRYLOV or rest <= scale * 1e-13:
                used = step + 1
                break
            projected[step, step + 1] = projected[step + 1, step] = rest
            basis[step + 1] = following / rest
        values, vectors = np.linalg.eigh(projected[:used, :used])
        vector = vectors[:, 0] @ basis[:used]
        residual = float(np.linalg.norm(matrix.apply(vector) - values[0] * vector))
        if residual <= scale * 1e-11:
            return Lowest(float(values[0]), max(residual, scale * 1e-14), size)
    return None


def variances(state: State, observable: PauliSum) -> tuple[float, float]:
    """The variance that one run of each measurement adds up to in this state: in shared `bases`, and each string by itself."""
    shared = separate = 0.0
    indices = np.arange(len(state))
    for basis in bases(observable):
        turned = state.copy()
        for gate in rotations(basis.letters):
            apply(turned, observable.qubits, gate)
        weights = turned.real**2 + turned.imag**2
        readings = np.zeros(len(state))
        for coefficient, mask in basis.terms:
            reading = coefficient * (1.0 - 2.0 * (np.bitwise_count(indices & mask) & 1))
            separate += coefficient**2 - float(weights @ reading) ** 2
            readings += reading
        shared += float(weights @ readings**2) - float(weights @ readings) ** 2
    return max(0.0, shared), max(0.0, separate)
