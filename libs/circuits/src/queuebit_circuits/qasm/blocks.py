"""Loops and declarations of values, alike in circuits and in the bodies of gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queuebit_circuits.qasm.scope import Scope, Value
from queuebit_circuits.qasm.syntax import (
    DeclareValue,
    For,
    If,
    Leave,
    Statement,
    Switched,
    While,
)
from queuebit_circuits.qasm.terms import Listed, Number, Range
from queuebit_circuits.qasm.values import Evaluator


def loop(evaluator: Evaluator, statement: For, scope: Scope) -> Iterator[Scope]:
    """A scope for each turn of a loop, its variable set. Refused beforehand where it takes too many steps."""
    values = statement.values
    budget, place = evaluator.budget, statement.place
    turns: Sequence[int]
    whole = 2**53
    if isinstance(values, Range):
        first = 0 if values.first is None else evaluator.whole(values.first, scope, "the first value", -whole, whole)
        if values.last is None:
            raise evaluator.source.error(place, "a loop's range has no last value", "Write [first:last].")
        last = evaluator.whole(values.last, scope, "the last value", -whole, whole)
        step = 1 if values.step is None else evaluator.whole(values.step, scope, "the step", -whole, whole)
        if step == 0:
            raise evaluator.source.error(place, "the step of a loop is 0", "State another step.")
        turns = range(first, last + (1 if step > 0 else -1), step)
    else:
        turns = [evaluator.whole(value, scope, "a value of a loop", -whole, whole) for value in values.values]
    if not statement.left:  # of one that is left early nobody knows how many turns it takes
        budget.foresee((1 + statement.weight) * len(turns), place)
    plain = statement.type.width is None
    for turn in turns:
        budget.spend(1, place)
        inner = scope.inner()
        inner.names[statement.name] = (
            Value(turn, statement.type.name)
            if plain
            else evaluator.converted(Value(turn, "whole"), statement.type, scope, place)
        )
        yield inner


def leaves(body: Sequence[Statement]) -> bool:
    """Whether a block leaves the loop that it stands in, or a turn of it."""
    ways = (each.ways if isinstance(each, Switched) else each for each in body)
    return any(isinstance(each, Leave) or (isinstance(each, If) and each.leaves) for each in ways)


def weight(body: Sequence[Statement]) -> int:
    """How many statements a block runs, both ways of its conditions and its loops counted as far as they state numbers."""
    total = len(body)
    for each in body:
        if isinstance(each, For):
            total += each.weight * _turns(each.values)
        elif isinstance(each, While):
            total += weight(each.body)
        elif isinstance(each, If):
            total += weight(each.then) + weight(each.otherwise)
        elif isinstance(each, Switched):
            total += weight((each.ways,))
    return total


def _turns(values: Range | Listed) -> int:
    """How often a loop runs; 1 where that is not written down in plain numbers."""
    if isinstance(values, Listed):
        return len(values.values)
    first, last = values.first, values.last
    if values.step is not None or not isinstance(first, Number) or not isinstance(last, Number):
        return 1
    if isinstance(first.value, float) or isinstance(last.value, float):
        return 1
    return max(0, last.value - first.value + 1)


def declare_value(evaluator: Evaluator, statement: DeclareValue, scope: Scope) -> None:
    """Declare a constant or variable with its value, 0 where none is stated."""
    if statement.name in scope.names:
        raise evaluator.source.error(statement.place, f"{statement.name!r} is declared twice", "Rename one.")
    stated = Value(0, "whole") if statement.value is None else evaluator.value(statement.value, scope)
    value = evaluator.converted(stated, statement.type, scope, statement.place)
    scope.names[statement.name] = value._replace(constant=statement.constant)
