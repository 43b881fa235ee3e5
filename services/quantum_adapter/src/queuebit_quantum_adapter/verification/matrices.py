"""Circuits as matrices, for comparing what two of them do. Imported in worker processes only (numpy).

In a matrix the first qubit is the most significant bit of the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.circuit import Barrier, Branch, Gate, Measure, Operation, Reset
from queuebit_circuits.gates import matrix_of

Matrix = NDArray[np.complex128]
State = NDArray[np.complex128]
"""One axis of length 2 a qubit, qubit 0 first."""
Event = tuple[str, int, int]
"""The k-th measurement into a classical bit ("measure", bit, k), or the k-th reset of a qubit ("reset", qubit, k)."""

_IMPOSSIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Unitary:
    """A matrix on qubits."""

    matrix: Matrix
    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`then` where the bits, the first the least significant, read one of the `values`; else `otherwise`."""

    clbits: tuple[int, ...]
    values: tuple[int, ...]
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]


Step = Unitary | Measure | Reset | Choice


@dataclass(frozen=True, slots=True)
class Passage:
    """One way through a circuit: the outcomes on it, the probability of them, and the state at its end."""

    outcomes: Mapping[Event, int]
    probability: float
    state: State


def steps_of(operations: Iterable[Operation]) -> tuple[Step, ...]:
    """Our circuit, its gates by our own table."""
    steps: list[Step] = []
    for operation in operations:
        match operation:
            case Gate():
                steps.append(Unitary(gate_matrix(operation.name, operation.angles), operation.qubits))
            case Measure() | Reset():
                steps.append(operation)
            case Branch(clbits, _, then, otherwise):
                readings = operation.readings
                if not readings or not clbits:
                    steps += steps_of(then if readings else otherwise)
                else:
                    steps.append(Choice(clbits, readings, steps_of(then), steps_of(otherwise)))
            case Barrier():
                pass
            case _:
                assert_never(operation)
    return tuple(steps)


@lru_cache(maxsize=4096)
def gate_matrix(name: str, angles: tuple[float, ...]) -> Matrix:
    """The matrix of a gate."""
    width = len(matrix_of(Gate(name, (), angles)))
    return np.array(matrix_of(Gate(name, (), angles)), dtype=np.complex128).reshape(width, width)


def product_state(qubits: int, generator: np.random.Generator) -> State:
    """A random state of each qubit by itself: a circuit that treats enough of these alike treats every state alike."""
    state = np.ones((), dtype=np.complex128)
    for _ in range(qubits):
        vector = generator.normal(size=2) + 1j * generator.normal(size=2)
        state = np.multiply.outer(state, vector / np.linalg.norm(vector))
    return state


def go(
    steps: Sequence[Step], state: State, *, generator: np.random.Generator | None, script: Mapping[Event, int]
) -> Passage:
    """Go through the circuit once. Outcomes are those of the script; others are drawn, or 0 where there is no generator."""
    traveller = _Traveller(state, generator, script)
    traveller.through(steps)
    return Passage(traveller.outcomes, traveller.probability, traveller.state)


class _Traveller:
    """The state on the way."""

    def __init__(self, state: State, generator: np.random.Generator | None, script: Mapping[Event, int]) -> None:
        self.state = state
        self.probability = 1.0
        self.outcomes: dict[Event, int] = {}
        self._generator = generator
        self._script = script
        self._bits: dict[int, int] = {}
        self._seen: dict[tuple[str, int], int] = {}

    def through(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Unitary(matrix, qubits):
                    self.state = applied(matrix, qubits, self.state)
                case Measure(qubit, clbit):
                    self._bits[clbit] = self._collapse(qubit, "measure", clbit)
                case Reset(qubit):
                    if self._collapse(qubit, "reset", qubit):
                        self.state = np.flip(self.state, axis=qubit)
                case Choice(clbits, values, then, otherwise):
                    read = sum(self._bits.get(clbit, 0) << place for place, clbit in enumerate(clbits))
                    self.through(then if read in values else otherwise)
                case _:
                    assert_never(step)

    def _collapse(self, qubit: int, name: str, index: int) -> int:
        count = self._seen.get((name, index), 0)
        self._seen[(name, index)] = count + 1
        event = (name, index, count)
        front = np.moveaxis(self.state, qubit, 0)
        weights = [float(np.vdot(half, half).real) for half in front]
        total = sum(weights)
        outcome = self._script.get(event)
        if outcome is None:
            draw = self._generator.random() * total if self._generator is not None else 0.0
            outcome = int(draw >= weights[0])
        self.outcomes[event] = outcome
        chance = weights[outcome] / total if total > 0 else 0.0
        self.probability *= chance
        kept = np.zeros_like(front)
        if chance > _IMPOSSIBLE:
            kept[outcome] = front[outcome] / np.sqrt(weights[outcome])
        self.state = np.moveaxis(kept, 0, qubit)
        return outcome


def applied(matrix: Matrix, qubits: Sequence[int], state: State) -> State:
    """The state after a matrix on some of its qubits."""
    width = len(qubits)
    if not width:
        return np.asarray(state * matrix[0, 0], dtype=np.complex128)
    tensor = matrix.reshape((2,) * (2 * width))
    moved: Any = np.tensordot(tensor, state, axes=(range(width, 2 * width), qubits))
    return np.asarray(np.moveaxis(moved, range(width), qubits))


def after(steps: Iterable[Step], states: State) -> State:
    """Several states, along the last axis, after the matrices of a circuit that has nothing else."""
    for step in steps:
        assert isinstance(step, Unitary)
        states = applied(step.matrix, step.qubits, states)
    return states


def fidelities(left: State, right: State) -> list[float]:
    """|<left|right>|² of states along the last axis, each of norm 1 or empty: 1 where they are the same up to a phase."""
    count = left.shape[-1]
    overlaps = (left.reshape(-1, count).conj() * right.reshape(-1, count)).sum(axis=0)
    return [min(1.0, float(abs(overlap) ** 2)) for overlap in overlaps]
