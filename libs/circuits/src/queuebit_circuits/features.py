"""Feature maps: circuits that turn a point into a state, and the circuits that compare two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

from queuebit_circuits.circuit import Circuit, Gate, Measure, Operation, Register

MapName = Literal["zz", "z"]
Entanglement = Literal["full", "linear"]


def feature_map(point: Sequence[float], name: MapName, repetitions: int, entanglement: Entanglement) -> Circuit:
    """A qubit a feature; each repetition a layer of H, then phases 2 x_i, and of `zz` 2 (pi - x_i)(pi - x_j) between pairs.

    Those of Havlicek et al. 2019, in the form that Qiskit has: pairs i < j, all of them or neighbours alone.
    """
    qubits = len(point)
    pairs = list(combinations(range(qubits), 2)) if entanglement == "full" else [(q, q + 1) for q in range(qubits - 1)]
    operations: list[Operation] = []
    for _ in range(repetitions):
        operations += [Gate("h", (qubit,)) for qubit in range(qubits)]
        operations += [Gate("p", (qubit,), (2.0 * value,)) for qubit, value in enumerate(point)]
        for first, second in pairs if name == "zz" else ():
            angle = 2.0 * (math.pi - point[first]) * (math.pi - point[second])
            link = Gate("cx", (first, second))
            operations += [link, Gate("p", (second,), (angle,)), link]
    return Circuit(qubits, (), tuple(operations))


def undone(circuit: Circuit) -> tuple[Operation, ...]:
    """The gates of a feature map backwards: H and CX are their own inverses, phases turn back."""
    return tuple(
        Gate(gate.name, gate.qubits, tuple(-angle for angle in gate.angles))
        for gate in reversed(circuit.operations)
        if isinstance(gate, Gate)
    )


def overlap(one: Circuit, other: Circuit) -> Circuit:
    """The circuit that returns to |0...0> as often as the states of two feature maps overlap: |<other|one>|^2."""
    return Circuit(one.qubits, (), one.operations + undone(other))


def measured(circuit: Circuit) -> Circuit:
    """The circuit with a measurement of every qubit at its end."""
    measures = tuple(Measure(qubit, qubit) for qubit in range(circuit.qubits))
    return Circuit(circuit.qubits, (Register("meas", circuit.qubits),), circuit.operations + measures)
