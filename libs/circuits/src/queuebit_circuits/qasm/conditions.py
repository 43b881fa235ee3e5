"""Conditions on measured bits as the readings for which they hold."""

from __future__ import annotations

from collections.abc import Callable

from queuebit_circuits.qasm.scope import Budget, Scope
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.terms import Binary, Expression
from queuebit_circuits.qasm.values import Evaluator

Known = tuple[tuple[int, ...], list[int], bool]
"""(bits, values, inverted): the condition holds where the bits, the first the least significant, have one of the values; or
where they have none of them.
"""
READ_BITS_MAX = 10
"""Of a condition that is more than a comparison of a register with a number; it is tabulated."""
VALUES_MAX = 64
"""Of those bits, for which such a condition holds, or for which it does not."""


class Conditions:
    """Reads conditions within the bounds of a budget. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget) -> None:
        self._source = source
        self._evaluator = evaluator
        self._budget = budget

    def tabulated(self, condition: Expression, read: list[int], scope: Scope, place: int) -> Known:
        """The condition by trying every reading of the bits that it reads."""
        return self.tried(
            lambda reading: bool(self._evaluator.number(condition, scope, reading=reading)), read, condition.size, place
        )

    def tried(self, holds: Callable[[dict[int, int]], bool], read: list[int], size: int, place: int) -> Known:
        """Whatever holds for readings of these bits; asking once takes so many steps."""
        if len(read) > READ_BITS_MAX:
            raise self._source.error(
                place, f"a condition reads more than {READ_BITS_MAX} bits", "Compare a register with a number: c == 5."
            )
        self._budget.spend(size << len(read), place)
        ways: tuple[list[int], list[int]] = ([], [])
        for value in range(1 << len(read)):
            reading = {bit: value >> position & 1 for position, bit in enumerate(read)}
            ways[holds(reading)].append(value)
        inverted = len(ways[True]) > len(ways[False])
        values = ways[not inverted]
        if len(values) > VALUES_MAX:
            raise self._source.error(
                place,
                f"a condition holds for {len(ways[True])} of the {1 << len(read)} readings of its bits, and neither those "
                f"nor the others are at most {VALUES_MAX}",
                "Compare registers with single numbers, one within the other.",
            )
        return tuple(read), values, inverted

    def compared(self, condition: Expression, scope: Scope) -> Known | None:
        """As `tabulated` for a register that is compared with a number, however wide; None for every other condition."""
        if not isinstance(condition, Binary) or condition.operator not in ("==", "!="):
            return None
        inverted = condition.operator == "!="
        for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
            bits = self._evaluator.bits(one, scope)
            if bits is not None and not self._evaluator.read_bits(other, scope):
                found = self._evaluator.value(other, scope)
                self._evaluator.comparable(bits, found, condition.place)
                value = found.number
                fits = 0 <= value < 1 << len(bits.numbers) and (not isinstance(value, float) or value.is_integer())
                return bits.numbers, [int(value)] if fits else [], inverted
        return None
