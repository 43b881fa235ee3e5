"""The qubits and bits of a circuit by their names: declared, indexed, joined."""

from __future__ import annotations

from queuebit_circuits.circuit import Register
from queuebit_circuits.cost import QUBITS_DEVICE_MAX
from queuebit_circuits.qasm.scope import QUBITS_MAX, Bits, Budget, Qubits, Scope, Value
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.syntax import Operand
from queuebit_circuits.qasm.terms import Expression, Index, Number
from queuebit_circuits.qasm.values import Evaluator


class Registers:
    """What names of qubits and bits stand for. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget) -> None:
        self._source = source
        self._evaluator = evaluator
        self._budget = budget
        self._qubits = 0
        self._physical = False
        self._registers: list[Register] = []
        self._clbits = 0
        self.wide_at: int | None = None
        """Where the qubits become more than any device takes."""

    def _count(self, qubits: int, place: int) -> None:
        self._qubits = qubits
        if qubits > QUBITS_DEVICE_MAX and self.wide_at is None:
            self.wide_at = place

    def _new(self, name: str, scope: Scope, place: int) -> None:
        if name in scope.names:
            raise self._source.error(place, f"{name!r} is declared twice", "Give the second another name.")

    def _size(self, size: Expression, scope: Scope, what: str, left: int, most: int) -> int:
        count = self._evaluator.whole(size, scope, f"the number of {what} of a register", 1, 2**53)
        if count > left:
            raise self._source.error(
                size.place, f"the circuit has more than {most} {what}", "Use fewer, or smaller registers."
            )
        return count

    def _alias(self, name: str, value: Operand, place: int, scope: Scope) -> None:
        self._new(name, scope, place)
        parts = []
        following: Operand | None = value
        while following is not None:
            parts.append(self._of(following, scope))
            following = following.following
        kinds = {type(part) for part in parts}
        numbers = tuple(number for part in parts for number in part.numbers)
        if len(kinds) > 1 or len(set(numbers)) < len(numbers):
            raise self._source.error(
                place,
                f"the alias {name} joins what does not belong together",
                "Join distinct qubits, or distinct bits.",
            )
        single = len(parts) == 1 and parts[0].single
        scope.names[name] = Qubits(numbers, single) if kinds == {Qubits} else Bits(numbers, single)

    def _of(self, operand: Operand, scope: Scope) -> Qubits | Bits:
        """The qubits or bits that an operand names."""
        if operand.name.startswith("$"):
            found: Qubits | Bits = self._hardware(operand)
        else:
            meaning = self._evaluator.meaning(operand.name, scope, operand.place)
            if isinstance(meaning, Value):
                raise self._source.error(operand.place, f"{operand.name} is a number", "Name a qubit or a bit.")
            found = meaning
        if not operand.indices:
            self._budget.spend(len(found.numbers), operand.place)
            return found
        if len(operand.indices) == 1 and not found.single:
            number = _plain_number(operand.indices[0], len(found.numbers))
            if number is not None:
                self._budget.spend(1, operand.place)
                one = (found.numbers[number],)
                return Qubits(one, True) if isinstance(found, Qubits) else Bits(one, True)
        for index in operand.indices:
            if found.single:
                raise self._source.error(
                    operand.place, f"{operand.name} is indexed, but it is a single one", "Leave the index out."
                )
            picked, single = self._evaluator.pick(index, len(found.numbers), scope, operand.place, operand.name)
            numbers = tuple(found.numbers[place] for place in picked)
            found = Qubits(numbers, single) if isinstance(found, Qubits) else Bits(numbers, single)
        self._budget.spend(len(found.numbers), operand.place)
        return found

    def _hardware(self, operand: Operand) -> Qubits:
        """A qubit of the device by its number, $n."""
        number = int(operand.name[1:8])
        if number >= QUBITS_MAX or len(operand.name) > 8:
            raise self._source.error(operand.place, f"the circuit has more than {QUBITS_MAX} qubits", "Use fewer.")
        if self._qubits and not self._physical:
            raise self._source.error(operand.place, "qubits are declared and named by $n", "Use one of both ways.")
        self._physical = True
        self._count(max(self._qubits, number + 1), operand.place)
        return Qubits((number,), True)

    def _qubits_of(self, operand: Operand, scope: Scope) -> Qubits:
        found = self._of(operand, scope)
        if isinstance(found, Qubits):
            return found
        raise self._source.error(operand.place, f"{operand.name} is a classical bit", "Name a qubit.")

    def _bits_of(self, operand: Operand, scope: Scope) -> Bits:
        found = self._of(operand, scope)
        if isinstance(found, Bits):
            return found
        raise self._source.error(operand.place, f"{operand.name} is a qubit", "Name classical bits to measure into.")


def _plain_number(index: Index, count: int) -> int | None:
    """The index where it is written as a number from 0 to count - 1; None where it needs a closer look."""
    value = index.value if type(index) is Number else None
    return value if type(value) is int and 0 <= value < count else None
