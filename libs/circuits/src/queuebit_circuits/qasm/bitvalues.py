"""Bits that are set by values: read from a qubit of their own, which is put into the value and back."""

from __future__ import annotations

from queuebit_circuits.circuit import Branch, Gate, Measure, Operation
from queuebit_circuits.qasm.conditions import READ_BITS_MAX
from queuebit_circuits.qasm.scope import QUBITS_MAX, Bits, Scope, Value
from queuebit_circuits.qasm.subroutines import Subroutines
from queuebit_circuits.qasm.terms import Expression


class BitValues(Subroutines):
    """Sets bits. A circuit has measurements, and nothing else that sets a bit: so one more qubit is measured, which is |0>
    before and after. That says exactly what the text says, and costs a little on a machine.
    """

    _spare: int | None = None

    def _set_bits(self, bits: Bits, value: Expression, scope: Scope, place: int, into: list[Operation]) -> None:
        """Give bits a value that is known, or that follows from measured bits."""
        read = sorted(self._evaluator.read_bits(value, scope))
        if len(read) > READ_BITS_MAX:
            raise self._source.error(place, f"a value reads more than {READ_BITS_MAX} bits", "Set one bit at a time.")
        if len(bits.numbers) > 1 and set(read).intersection(bits.numbers):
            raise self._source.error(place, "a register is set by its own bits", "Set it from another register.")
        self._budget.spend(value.size << len(read), place)
        like = Value(0, "bit", None if bits.single else len(bits.numbers))
        values = []
        for number in range(1 << len(read)):
            reading = {bit: number >> position & 1 for position, bit in enumerate(read)}
            found = self._evaluator.value(value, scope, reading=reading)
            values.append(int(self._evaluator.cast(found, like, place).number))
        spare = self._spare_qubit(place)
        for position, bit in enumerate(bits.numbers):
            ones = tuple(number for number, each in enumerate(values) if each >> position & 1)
            zero: tuple[Operation, ...] = (Measure(spare, bit),)
            one: tuple[Operation, ...] = (Gate("x", (spare,)), Measure(spare, bit), Gate("x", (spare,)))
            self._budget.emit(len(one) + 2 + len(ones), place)
            if len(ones) in (0, len(values)):
                into.extend(one if ones else zero)
            else:
                into.append(Branch(tuple(read), ones, one, zero))

    def _spare_qubit(self, place: int) -> int:
        if self._spare is None:
            if self._physical:
                raise self._source.error(
                    place, "a bit is set by a value where qubits are named by $n", "Declare the qubits."
                )
            if self._qubits == QUBITS_MAX:
                raise self._source.error(place, f"the circuit has more than {QUBITS_MAX} qubits", "Use fewer.")
            self._spare = self._qubits
            self._count(self._qubits + 1, place)
        return self._spare
