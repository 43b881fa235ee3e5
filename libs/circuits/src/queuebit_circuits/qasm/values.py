"""The values of expressions: numbers known while reading, and conditions on bits that are known only when running."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from queuebit_circuits.qasm.arithmetic import CONSTANTS, Arithmetic
from queuebit_circuits.qasm.scope import Bits, Budget, Meaning, Qubits, Scope, Value, ValueType
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.terms import (
    Binary,
    Called,
    Cast,
    Expression,
    Index,
    Indexed,
    Listed,
    Named,
    Number,
    Range,
    Type,
    Unary,
)
from queuebit_circuits.qasm.types import WIDTH_MAX, real_of

Reading = Mapping[int, int]
_NOTHING: Reading = MappingProxyType({})
_LITERALS: Mapping[type, ValueType] = MappingProxyType({bool: "bool", int: "whole", float: "float"})


class Evaluator:
    """Computes expressions within the bounds of a budget. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, version: int, budget: Budget) -> None:
        self.source = source
        self.version = version
        self.budget = budget
        self._constants = CONSTANTS[version]
        self._arithmetic = Arithmetic(source, version)

    def number(self, expression: Expression, scope: Scope, *, reading: Reading = _NOTHING) -> float:
        """The value as a number, of an angle in radians. `reading` states the bits that it may read."""
        if type(expression) is Number:
            return expression.value
        return real_of(self.value(expression, scope, reading=reading))

    def value(self, expression: Expression, scope: Scope, *, reading: Reading = _NOTHING) -> Value:
        """The value with its type. `reading` states the bits that it may read."""
        self.budget.spend(expression.size, expression.place)
        return self._of(expression, scope, reading)

    def real(self, expression: Expression, scope: Scope) -> float:
        """The value as a finite float."""
        value = float(self.number(expression, scope))
        if not math.isfinite(value):
            raise self.source.error(expression.place, "the value is not finite", "State a finite number.")
        return value

    def whole(self, expression: Expression, scope: Scope, what: str, least: int, most: int) -> int:
        """The value as a whole number within bounds."""
        value = self.number(expression, scope)
        if isinstance(value, float) or not least <= value <= most:
            raise self.source.error(
                expression.place, f"{what} should be a whole number from {least} to {most}, not {value:g}",
                "Correct it.",
            )  # fmt: skip
        return int(value)

    def converted(self, value: Value, stated: Type, scope: Scope, place: int) -> Value:
        """The value as one of a type."""
        width = None if stated.width is None else self.whole(stated.width, scope, "the width of a type", 1, WIDTH_MAX)
        return self._arithmetic.types.cast(value, stated.name, width, place)

    def cast(self, value: Value, like: Value, place: int) -> Value:
        """The value as one of the type that another has."""
        return self._arithmetic.types.cast(value, like.type, like.width, place)

    def comparable(self, bits: Bits, value: Value, place: int) -> None:
        """Raises UnreadableCircuit where a comparison of the bits with the value has more than one reading."""
        self._arithmetic.binary("==", Value(0, "bit", None if bits.single else len(bits.numbers)), value, place)

    def pick(self, index: Index, count: int, scope: Scope, place: int, name: str) -> tuple[tuple[int, ...], bool]:
        """(positions among `count`, whether it is a single one) that an index names."""
        least = -count if self.version == 3 else 0
        what = f"an index of {name}"

        def position(expression: Expression) -> int:
            return self.whole(expression, scope, what, least, count - 1) % count

        match index:
            case Listed(values):
                self.budget.spend(len(values), place)
                return tuple(position(value) for value in values), False
            case Range(first, step, last):
                by = 1 if step is None else self.whole(step, scope, "the step of a range", -count, count)
                if by == 0:
                    raise self.source.error(place, "the step of a range is 0", "State another step.")
                begin = position(first) if first is not None else 0 if by > 0 else count - 1
                end = position(last) if last is not None else count - 1 if by > 0 else 0
                found = range(begin, end + (1 if by > 0 else -1), by)
                self.budget.spend(len(found), place)
                return tuple(found), False
            case _:
                return (position(index),), True

    def meaning(self, name: str, scope: Scope, place: int) -> Meaning:
        """What a name stands for."""
        found = scope.find(name)
        if found is None:
            raise self.source.error(place, f"{name!r} is not declared", "Declare it before it is used, or correct it.")
        return found

    def bits(self, expression: Expression, scope: Scope) -> Bits | None:
        """The bits that an expression is, as a whole: a register, a bit, some of them, or a cast of those to a number."""
        match expression:
            case Named(name):
                found = scope.find(name)
                return found if isinstance(found, Bits) else None
            case Indexed(name, index):
                found = scope.find(name)
                if not isinstance(found, Bits):
                    return None
                if found.single:
                    raise self.source.error(expression.place, f"{name} is a single bit", "Leave the index out.")
                numbers, single = self.pick(index, len(found.numbers), scope, expression.place, name)
                return Bits(tuple(found.numbers[number] for number in numbers), single)
            case Cast(stated, operand) if stated.name in ("uint", "bit", "int"):
                inner = self.bits(operand, scope)
                if inner is None or stated.width is None:
                    return inner if stated.name != "bit" else None
                width = self.whole(stated.width, scope, "the width of a type", 1, WIDTH_MAX)
                kept = width >= len(inner.numbers) + (stated.name == "int")
                return Bits(inner.numbers, single=False) if kept else None
            case _:
                return None

    def read_bits(self, expression: Expression, scope: Scope) -> set[int]:
        """All bits that the value of an expression depends on."""
        match expression:
            case Number():
                return set()
            case Named() | Indexed():
                found = self.bits(expression, scope)
                if found is None:
                    return set()
                self.budget.spend(len(found.numbers), expression.place)
                return set(found.numbers)
            case Unary(_, operand) | Cast(_, operand):
                return self.read_bits(operand, scope)
            case Binary(_, left, right):
                return self.read_bits(left, scope) | self.read_bits(right, scope)
            case Called(_, arguments):
                return set().union(*(self.read_bits(each, scope) for each in arguments))

    def _of(self, expression: Expression, scope: Scope, reading: Reading) -> Value:
        match expression:
            case Number(value, width=width):
                if width is not None:
                    return Value(value, "bit", width)
                return Value(value, _LITERALS[type(value)])
            case Named(name, place):
                found = scope.find(name)
                if found is None and name in self._constants:
                    return Value(self._constants[name], "float")
                return self._read(found or self.meaning(name, scope, place), name, place, reading)
            case Binary(operator, left, right, place):
                if operator in ("&&", "||"):
                    found_left = bool(self._of(left, scope, reading).number)
                    if found_left != (operator == "&&"):
                        return Value(found_left, "bool")
                    return Value(bool(self._of(right, scope, reading).number), "bool")
                return self._arithmetic.binary(
                    operator, self._of(left, scope, reading), self._of(right, scope, reading), place
                )
            case Indexed(name, index, place):
                return self._indexed(name, index, place, scope, reading)
            case Unary(operator, operand, place):
                return self._arithmetic.unary(operator, self._of(operand, scope, reading), place)
            case Called(name, arguments, place):
                return self._arithmetic.called(name, [self._of(each, scope, reading) for each in arguments], place)
            case Cast(stated, operand, place):
                self.budget.spend(operand.depth, place)
                return self.converted(self._of(operand, scope, reading), stated, scope, place)

    def _read(self, meaning: Meaning, name: str, place: int, reading: Reading) -> Value:
        match meaning:
            case Value(lost=True):
                raise self.source.error(
                    place,
                    f"{name} depends on a measurement: a loop set it, or a measured value",
                    "Count in a register of bits, or set it again.",
                )
            case Value():
                return meaning
            case Qubits():
                raise self.source.error(place, f"{name} is a qubit, not a number", "Measure it first.")
            case Bits(numbers, single):
                if not all(bit in reading for bit in numbers):
                    raise self.source.error(
                        place, f"the value depends on the measured {name}, known only when the circuit is run",
                        "Use measured bits in conditions alone.",
                    )  # fmt: skip
                value = sum(reading[bit] << place_ for place_, bit in enumerate(numbers))
                return Value(value, "bit", None if single else len(numbers))

    def _indexed(self, name: str, index: Index, place: int, scope: Scope, reading: Reading) -> Value:
        found = self.meaning(name, scope, place)
        if isinstance(found, Value):
            self._read(found, name, place, reading)
            if found.type == "float" or found.width is None or isinstance(index, Range | Listed):
                raise self.source.error(place, f"{name} has no bits to index", "Declare it as uint[n].")
            least = -found.width if self.version == 3 else 0
            at = self.whole(index, scope, f"an index of {name}", least, found.width - 1) % found.width
            return Value(int(found.number) >> at & 1, "bit")
        bits = self.bits(Indexed(name, index, place, 1, 1), scope)
        return self._read(found if bits is None else bits, name, place, reading)
