"""Gates applied to a state vector, one after the other or many in fewer passes.

Turns about Z and their products commute: all that stand side by side are one multiplication by phases. Gates of one qubit that
follow each other are one. What is between them, such as cx, is applied by itself. Nothing here starts a thread: products of
larger matrices would, in the library behind numpy, and wait for each other longer than they work.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.circuit import Gate
from queuebit_circuits.gates import GATES, target_of

State = NDArray[np.complex128]
Places = tuple[int, ...]
OneQubit = tuple[complex, complex, complex, complex]

QUBITS_MIN = 5
"""A smaller state is passed over in no time."""
TOGETHER_MIN = 3
"""So many gates are worth being applied in one pass."""
SIGNS_MAX = 1 << 20
"""So many signs are held for one set of products: 8 MiB."""


def apply(state: State, qubits: int, gate: Gate) -> None:
    """Apply a gate to a state vector in place.

    Rows of the matrix that change nothing cost nothing: only the part of the state where the controls are 1 is touched.
    """
    controls = GATES[gate.name].controls
    matrix = target_of(gate)
    targets = gate.qubits[controls:]
    view, axis = by_qubit(state, qubits, gate.qubits)
    at: list[Any] = [slice(None)] * view.ndim
    for qubit in gate.qubits[:controls]:
        at[axis[qubit]] = 1
    parts = []
    for index in range(len(matrix)):
        for place, qubit in enumerate(targets):
            at[axis[qubit]] = index >> (len(targets) - 1 - place) & 1
        parts.append(view[tuple(at)])
    changed = []
    for index, row in enumerate(matrix):
        entries = [(column, value) for column, value in enumerate(row) if value]
        if [column for column, _ in entries] == [index]:
            if row[index] != 1:
                changed.append((parts[index], parts[index] * row[index]))
            continue
        total = parts[entries[0][0]] * entries[0][1]
        for column, value in entries[1:]:
            total += parts[column] * value
        changed.append((parts[index], total))
    for part, value in changed:
        part[...] = value


def apply_all(state: State, qubits: int, gates: Iterable[Gate]) -> None:
    """Apply gates in place, in their order."""
    if qubits < QUBITS_MIN:
        for gate in gates:
            apply(state, qubits, gate)
        return
    waiting = _Waiting(state, qubits)
    for gate in gates:
        waiting.take(gate)
    waiting.end()


class _Waiting:
    """Gates that were taken and not applied yet: first those that only turn phases, then those of one qubit."""

    def __init__(self, state: State, qubits: int) -> None:
        self._state = state
        self._qubits = qubits
        self._turning: list[Gate] = []
        self._single: dict[int, list[Gate]] = {}

    def take(self, gate: Gate) -> None:
        if not self._single.keys().isdisjoint(gate.qubits):
            if len(gate.qubits) == 1:
                self._single[gate.qubits[0]].append(gate)
                return
            self._turn()
            self._apply_single(gate.qubits if _turns(gate.name, gate.angles) is None else self._single)
        if _turns(gate.name, gate.angles) is not None:
            self._turning.append(gate)
        elif len(gate.qubits) == 1:
            self._single[gate.qubits[0]] = [gate]
        else:
            self._turn()
            apply(self._state, self._qubits, gate)

    def end(self) -> None:
        self._turn()
        self._apply_single(self._single)

    def _turn(self) -> None:
        gates, self._turning = self._turning, []
        angles: dict[Places, float] = {}
        for gate in gates:
            for places, angle in _turns(gate.name, gate.angles) or ():
                at = tuple(sorted([gate.qubits[place] for place in places]))
                angles[at] = angles.get(at, 0.0) + angle
        if len(gates) < TOGETHER_MIN or len(angles) << self._qubits > SIGNS_MAX:
            for gate in gates:
                apply(self._state, self._qubits, gate)
            return
        products = sorted(angles)
        coefficients = np.array([angles[each] for each in products])
        phases = np.einsum("t,ts->s", coefficients, _signs(self._qubits, tuple(products)))
        turned = np.empty_like(self._state)
        np.cos(phases, out=turned.real)
        np.sin(phases, out=turned.imag)
        self._state *= turned

    def _apply_single(self, named: Iterable[int]) -> None:
        """Those of these qubits. There is nothing left that turns before them."""
        for qubit in [*named]:
            if (gates := self._single.pop(qubit, None)) is not None:
                _apply_one(self._state, self._qubits, qubit, _product(gates))


def _apply_one(state: State, qubits: int, qubit: int, matrix: OneQubit) -> None:
    """A gate of one qubit, given by its rows one after the other."""
    view = state.reshape(1 << (qubits - qubit - 1), 2, 1 << qubit)
    zero, one = view[:, 0, :], view[:, 1, :]
    first, second = matrix[0] * zero, matrix[2] * zero
    first += matrix[1] * one
    second += matrix[3] * one
    zero[...] = first
    one[...] = second


@lru_cache(maxsize=4096)
def _turns(name: str, angles: tuple[float, ...]) -> tuple[tuple[Places, float], ...] | None:
    """A gate as angles, each times a product of Z on these of its qubits; None where it does more than turn phases."""
    kind = GATES[name]
    target = kind.target(*angles)
    if any(value for i, row in enumerate(target) for k, value in enumerate(row) if i != k):
        return None
    ones = len(target) * ((1 << kind.controls) - 1)
    phases = [0.0] * ones + [cmath.phase(target[index][index]) for index in range(len(target))]
    width = len(phases).bit_length() - 1
    found = []
    for product in range(len(phases)):
        angle = sum(-each if (index & product).bit_count() & 1 else each for index, each in enumerate(phases))
        places = tuple(place for place in range(width) if product >> (width - 1 - place) & 1)
        if angle:
            found.append((places, angle / len(phases)))
    return tuple(found)


@lru_cache(maxsize=8)
def _signs(qubits: int, products: tuple[Places, ...]) -> NDArray[np.float64]:
    """Of each product of Z its value in each basis state."""
    index = np.arange(1 << qubits)
    one = [1.0 - 2.0 * (index >> qubit & 1) for qubit in range(qubits)]
    signs = np.ones((len(products), 1 << qubits))
    for row, places in zip(signs, products, strict=True):
        for qubit in places:
            row *= one[qubit]
    signs.flags.writeable = False
    return signs


def _product(gates: Sequence[Gate]) -> OneQubit:
    """Several gates of one qubit as one; the first is applied first."""
    a, b, c, d = _rows(gates[0].name, gates[0].angles)
    for gate in gates[1:]:
        e, f, g, h = _rows(gate.name, gate.angles)
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
    return a, b, c, d


@lru_cache(maxsize=4096)
def _rows(name: str, angles: tuple[float, ...]) -> OneQubit:
    (a, b), (c, d) = target_of(Gate(name, (0,), angles))
    return complex(a), complex(b), complex(c), complex(d)


def by_qubit(state: NDArray[Any], qubits: int, named: Sequence[int]) -> tuple[NDArray[Any], dict[int, int]]:
    """The state as an array with an axis of length 2 for each named qubit, and which axis that is."""
    shape, axis, above = [], {}, qubits
    for qubit in sorted(named, reverse=True):
        shape += [1 << (above - qubit - 1), 2]
        axis[qubit] = len(shape) - 1
        above = qubit
    return state.reshape(*shape, 1 << above), axis
