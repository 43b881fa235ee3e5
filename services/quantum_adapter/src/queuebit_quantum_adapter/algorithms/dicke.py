"""Even superpositions of all strings with so many ones, prepared by a circuit: W states (one 1) and Dicke states.

The circuit is that of Bärtschi and Eidenbenz, "Deterministic preparation of Dicke states" (2019): split and cyclic shift, from
the last qubit to the first, O(count * qubits) gates. Amplitudes are real and not negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import acos, sqrt

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Operation, Register


@dataclass(slots=True)
class Drawing:
    """A circuit in the making: gates, and the values of the slots that they took."""

    gates: list[Gate] = field(default_factory=list)
    angles: list[float] = field(default_factory=list)

    def add(self, name: str, *qubits: int) -> None:
        """A gate without angle."""
        self.gates.append(Gate(name, qubits))

    def turn(self, name: str, angle: float, *qubits: int) -> None:
        """A gate by an angle of its own."""
        self.turn_by(name, self.slot(angle), *qubits)

    def slot(self, angle: float) -> int:
        """A new slot, which several gates may share."""
        self.angles.append(angle)
        return len(self.angles) - 1

    def turn_by(self, name: str, slot: int, *qubits: int) -> None:
        """A gate by the angle of a slot."""
        self.gates.append(Gate(name, qubits, (), (slot,)))

    def circuit(self, qubits: int) -> Circuit:
        """What was drawn, from all qubits in |0>, qubit q measured into bit q of the register c at the end."""
        reads: tuple[Operation, ...] = tuple(Measure(qubit, qubit) for qubit in range(qubits))
        return Circuit(qubits, (Register("c", qubits),), (*self.gates, *reads), len(self.angles))

    def bound(self, qubits: int) -> Bound:
        """The same with the values that the slots took."""
        return Bound(self.circuit(qubits), tuple(self.angles))


def draw_dicke(drawing: Drawing, qubits: Sequence[int], count: int) -> None:
    """From |0...0> on `qubits` to the even superposition of all strings with `count` ones (0 <= count <= qubits)."""
    n = len(qubits)
    if not 0 <= count <= n:
        raise ValueError(f"{count} ones do not fit {n} qubits")
    ones = min(count, n - count)
    if ones:
        for qubit in qubits[n - ones :]:
            drawing.add("x", qubit)
        for last in range(n, 1, -1):
            _split(drawing, qubits[:last], min(ones, last - 1))
    if ones != count:
        for qubit in qubits:
            drawing.add("x", qubit)


def _split(drawing: Drawing, qubits: Sequence[int], ones: int) -> None:
    """Split and cyclic shift: the ones at the end stay, or are moved by one towards the front, in the right proportion."""
    n, last = len(qubits), qubits[-1]
    for k in range(1, ones + 1):
        target = qubits[n - 1 - k]
        angle = 2 * acos(sqrt(k / n))
        drawing.add("cx", target, last)
        if k == 1:
            _controlled_turn(drawing, angle, last, target)
        else:
            _twice_controlled_turn(drawing, angle, last, qubits[n - k], target)
        drawing.add("cx", target, last)


def _controlled_turn(drawing: Drawing, angle: float, control: int, target: int) -> None:
    """RY where the control is 1."""
    drawing.turn("ry", angle / 2, target)
    drawing.add("cx", control, target)
    drawing.turn("ry", -angle / 2, target)
    drawing.add("cx", control, target)


def _twice_controlled_turn(drawing: Drawing, angle: float, first: int, second: int, target: int) -> None:
    """RY where both controls are 1: four quarters, of which any other controls leave two against two."""
    for quarter, control in ((1, second), (-1, first), (1, second), (-1, first)):
        drawing.turn("ry", quarter * angle / 4, target)
        drawing.add("cx", control, target)
