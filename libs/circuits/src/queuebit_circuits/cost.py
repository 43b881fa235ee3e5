"""What an exact simulation of a circuit would cost, from its counts alone: nothing is simulated, no numpy is imported."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Loop, Measure, Operation, Reset, walk

QUBITS_EXACT_MAX = 23
"""Qubits that some gate acts on; the state takes 16 * 2**qubits bytes."""
QUBITS_DEVICE_MAX = 32
"""The most that a simulator may be set to take; its state is 64 GiB. No lane runs a larger circuit, except exactly."""
AMPLITUDES_MAX = 2**24
"""Of all states that are held at once: 256 MiB."""
OUTCOMES_EXACT_MAX = 2**20
UPDATES_MAX = 2**30
"""Amplitudes written, all gates and branches together: about five seconds of one processor."""
UPDATES_MIN = 2**11
"""What a gate costs where the state is tiny."""
READING = 2**5
"""What reading a classical bit costs."""
IDLE = -1
"""In place of a qubit that no gate acts on: it is always 0."""

_PERMUTING = frozenset({"id", "x", "cx", "CX", "swap", "ccx", "cswap", "c3x", "c4x", "u0"})
_DIAGONAL = frozenset(
    {"z", "s", "sdg", "t", "tdg", "p", "phase", "u1", "rz", "cz", "cp", "cphase", "cu1", "crz", "rzz"}
)

MONOMIAL = _PERMUTING | _DIAGONAL | {"y", "cy", "CX", "rccx", "rc3x"}
"""Gates that take each basis state to a single one: they never make the outcomes more."""


def affordable(circuit: Circuit) -> bool:
    """Whether the simulator is willing to compute the outcomes of the circuit exactly. Loops were followed when it was read."""
    if circuit.loops is not None:
        return True
    kept = active(circuit)
    if len(kept) > QUBITS_EXACT_MAX:
        return False
    gated = set(kept)
    operations, final = final_measurements(circuit.operations, gated)
    cost = _Cost(gated, set(kept))
    cost.run(operations)
    amplitudes = cost.branches.bit_length() << len(kept)
    outcomes = cost.branches << min(len(final), splitting(circuit))
    return cost.updates <= UPDATES_MAX and amplitudes <= AMPLITUDES_MAX and outcomes <= OUTCOMES_EXACT_MAX


def updates(circuit: Circuit) -> int:
    """How many amplitudes computing the outcomes writes, where that is affordable."""
    if circuit.loops is not None:
        return circuit.loops.updates
    gated = set(active(circuit))
    cost = _Cost(gated, set(gated))
    cost.run(final_measurements(circuit.operations, gated)[0])
    return cost.updates


def splitting(circuit: Circuit) -> int:
    """How many gates can double the number of outcomes."""
    return sum(1 for each in walk(circuit.operations) if isinstance(each, Gate) and each.name not in MONOMIAL)


def active(circuit: Circuit) -> list[int]:
    """The qubits that some gate acts on, in ascending order."""
    return sorted({qubit for each in walk(circuit.operations) if isinstance(each, Gate) for qubit in each.qubits})


def on_active(circuit: Circuit, kept: Sequence[int]) -> tuple[Operation, ...]:
    """The operations with the active qubits numbered from 0; all others are IDLE, their resets gone, and all barriers."""
    number = {qubit: place for place, qubit in enumerate(kept)}

    def renumbered(operations: Sequence[Operation]) -> tuple[Operation, ...]:
        found: list[Operation] = []
        for operation in operations:
            match operation:
                case Gate():
                    qubits = tuple([number[qubit] for qubit in operation.qubits])
                    found.append(Gate(operation.name, qubits, operation.angles))
                case Measure():
                    found.append(Measure(number.get(operation.qubit, IDLE), operation.clbit))
                case Reset():
                    if operation.qubit in number:
                        found.append(Reset(number[operation.qubit]))
                case Barrier():
                    pass
                case Branch():
                    then, otherwise = renumbered(operation.then), renumbered(operation.otherwise)
                    if isinstance(operation, Loop) and not (then or otherwise):
                        # Which way it goes round is told by the one that is not empty.
                        then, otherwise = (
                            tuple(Barrier(()) for _ in way[:1]) for way in (operation.then, operation.otherwise)
                        )
                    found.append(replace(operation, then=then, otherwise=otherwise))
                case never:
                    assert_never(never)
        return tuple(found)

    return renumbered(circuit.operations)


def final_measurements(
    operations: Sequence[Operation], kept: Container[int]
) -> tuple[tuple[Operation, ...], list[tuple[int, int]]]:
    """(the other operations but barriers, [(qubit, classical bit)]) of the measurements which can wait until the end.

    Those are the ones outside of branches of kept qubits which nothing touches later, and whose bit nothing reads or writes
    later.
    """
    rest: list[Operation] = []
    final: list[tuple[int, int]] = []
    qubits, clbits = set[int](), set[int]()
    for operation in reversed(operations):
        if isinstance(operation, Barrier):
            continue
        if isinstance(operation, Measure) and operation.qubit in kept:
            if operation.qubit not in qubits and operation.clbit not in clbits:
                final.append((operation.qubit, operation.clbit))
            else:
                rest.append(operation)
        else:
            rest.append(operation)
        for each in walk((operation,)) if isinstance(operation, Branch) else (operation,):
            qubits.update(_qubits(each))
            clbits.update(_clbits(each))
    return tuple(reversed(rest)), final[::-1]


def _qubits(operation: Operation) -> Sequence[int]:
    match operation:
        case Gate(_, qubits) | Barrier(qubits):
            return qubits
        case Measure(qubit, _) | Reset(qubit):
            return (qubit,)
        case Branch():
            return ()
        case never:
            assert_never(never)


def _clbits(operation: Operation) -> Sequence[int]:
    match operation:
        case Measure(_, clbit):
            return (clbit,)
        case Branch(clbits):
            return clbits
        case Gate() | Reset() | Barrier():
            return ()
        case never:
            assert_never(never)


@dataclass(slots=True)
class _Cost:
    """Counts along a circuit. Gates act on the `kept` qubits alone, and all others are 0; `definite` are those that are surely
    0 or surely 1, where measuring opens no branch.
    """

    kept: set[int]
    definite: set[int]
    branches: int = 1
    updates: int = 0

    def run(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if self.updates > UPDATES_MAX:
                return
            match operation:
                case Gate(name, qubits):
                    self.updates += self.branches * max(UPDATES_MIN, 1 << len(self.kept))
                    permuted = name in _PERMUTING and self.definite.issuperset(qubits)
                    if not permuted and name not in _DIAGONAL:
                        self.definite.difference_update(qubits)
                case Reset(qubit) if qubit not in self.kept:
                    pass
                case Measure(qubit, _) | Reset(qubit):
                    self.updates += self.branches * max(UPDATES_MIN, 1 << len(self.kept))
                    if qubit in self.kept and qubit not in self.definite:
                        self.branches *= 2
                        self.definite.add(qubit)
                case Branch(clbits, _, then, otherwise):
                    self.updates += self.branches * READING * len(clbits)
                    self._either(then, otherwise)
                case Barrier():
                    pass
                case never:
                    assert_never(never)

    def _either(self, then: Sequence[Operation], otherwise: Sequence[Operation]) -> None:
        """Of both ways the dearer; a qubit is definite afterwards where it is so on both."""
        before = set(self.definite)
        other = _Cost(self.kept, set(before), self.branches, self.updates)
        self.run(then)
        other.run(otherwise)
        self.branches, self.updates = max(self.branches, other.branches), max(self.updates, other.updates)
        self.definite &= other.definite
