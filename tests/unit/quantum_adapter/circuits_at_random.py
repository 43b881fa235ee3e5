"""Circuits of any form, from a seed."""

from __future__ import annotations

import random

from queuebit_circuits.circuit import Branch, Circuit, Gate, Measure, Operation, Register, Reset
from queuebit_circuits.gates import GATES


def some_gates(generator: random.Random, qubits: int, count: int) -> list[Operation]:
    fitting = [gate for gate in GATES.values() if gate.qubits <= qubits]
    found: list[Operation] = []
    for _ in range(count):
        gate = generator.choice(fitting)
        angles = tuple(generator.uniform(-3, 3) for _ in range(gate.angles))
        found.append(Gate(gate.name, tuple(generator.sample(range(qubits), gate.qubits)), angles))
    return found


def a_unitary(qubits: int, seed: int, gates: int = 12) -> Circuit:
    return Circuit(qubits, (), tuple(some_gates(random.Random(seed), qubits, gates)))


def a_dynamic(qubits: int, seed: int, gates: int = 8) -> Circuit:
    """Measurements in the middle, a reset, conditions on one and on two bits of different registers, then all is read."""
    generator = random.Random(seed)

    def some(count: int) -> tuple[Operation, ...]:
        return tuple(some_gates(generator, qubits, count))

    operations: tuple[Operation, ...] = (
        *some(gates),
        Measure(0, 2),
        Branch((2,), (1,), some(2)),
        *some(2),
        Measure(1, 0),
        Branch((0, 2), (1,), some(2), some(2)),
        Reset(0),
        Measure(1, 2),
        Branch((2,), (0,), some(1)),
        *some(3),
        *(Measure(qubit, qubit + 4) for qubit in range(3)),
        Measure(1, 3),
        Measure(2, 0),
    )
    registers = (Register("a", 2), Register("b", 1), Register("d", 1, loose=True), Register("e", 3))
    return Circuit(qubits, registers, operations)
