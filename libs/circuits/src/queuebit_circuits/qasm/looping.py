"""Loops: run while reading where their condition is known, else told as what depends on measurements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress

from queuebit_circuits.circuit import Branch, Loop, Operation
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm.bitvalues import BitValues
from queuebit_circuits.qasm.conditions import READ_BITS_MAX, Conditions, Known
from queuebit_circuits.qasm.loops import IDLE, WrittenOut
from queuebit_circuits.qasm.scope import Budget, Scope, Value
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.subroutines import statements_of
from queuebit_circuits.qasm.syntax import Assign, DeclareValue, Statement, Switched
from queuebit_circuits.qasm.terms import Expression
from queuebit_circuits.qasm.values import Evaluator

COUNTED_TURNS_MAX = 1_000


class Looping(BitValues):
    """Reads loops, and the conditions that they share with branches."""

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget, outermost: Scope) -> None:
        super().__init__(source, evaluator, budget, outermost)
        self._conditions = Conditions(source, evaluator, budget)
        self._loops = WrittenOut(source, budget)

    @abstractmethod
    def _block(self, body: Sequence[Statement], scope: Scope, into: list[Operation]) -> None: ...

    def _while(
        self, condition: Expression, body: Sequence[Statement], scope: Scope, place: int, into: list[Operation]
    ) -> None:
        """A loop that depends on measurements is followed when all is read, but for one that counts its turns."""
        if self._evaluator.read_bits(condition, scope):
            self._lose_switched(body, scope)
            if counters := sorted(self._counters(body, scope)):
                into.extend(self._counted(condition, body, scope, place, counters))
                return
            known = self._read_condition(condition, scope, place)
            self._loop(known, self._way(body, scope), place, into)
            return
        while True:
            self._budget.spend(1 + condition.size, place)
            if not self._evaluator.number(condition, scope):
                return
            self._block(body, scope.inner(), into)

    def _loop(self, known: Known, turn: tuple[Operation, ...], place: int, into: list[Operation]) -> None:
        """A turn is taken as long as the condition holds. A loop around nothing is followed too, for it may have no end."""
        bits, values, inverted = known
        turn = turn or IDLE
        then, otherwise = ((), turn) if inverted else (turn, ())
        if values or inverted:
            into.append(Loop(bits, tuple(values), then, otherwise, self._loops.new(place)))

    def _counters(self, body: Sequence[Statement], scope: Scope) -> Iterator[str]:
        """The variables from outside of a loop that it sets."""
        inside = {each.name for each in statements_of(body) if isinstance(each, DeclareValue)}
        named = {each.name for each in statements_of(body) if isinstance(each, Assign)} - inside
        named |= {name for name, measured in self._switched(body, scope) if not measured} - inside
        return (name for name in named if isinstance(scope.find(name), Value))

    def _counted(
        self, condition: Expression, body: Sequence[Statement], scope: Scope, place: int, counters: Sequence[str]
    ) -> Iterator[Operation]:
        """A branch a turn: whoever is in one has been in all before, so that it is known there what they have set.

        What failed once must fail at all later turns, for nobody leaves the branches that follow out.
        """
        within = scope.inner(conditional=scope.conditional + 1)
        for name in counters:
            found = scope.find(name)
            assert isinstance(found, Value)
            within.names[name] = found
        before: Known | None = None
        turns = 0
        while (known := self._read_condition(condition, within, place))[1] or known[2]:
            if before is not None and not _implies(known, before):
                raise self._source.error(
                    place, "the condition of a loop can hold again after it failed", "Compare bits with fixed values."
                )
            if turns == COUNTED_TURNS_MAX:
                raise self._source.error(
                    place,
                    f"a loop that sets {counters[0]} goes on after {turns} turns",
                    "Bound it: while (c && n < 20).",
                )
            bits, values, inverted = before = known
            found_ops: list[Operation] = []
            self._block(body, within.inner(), found_ops)
            turn, none = tuple(found_ops), tuple[Operation, ...]()
            yield Branch(bits, tuple(values), none if inverted else turn, turn if inverted else none)
            turns += 1
        if turns:
            self._loops.counted(place)
            self._lose(counters, scope)

    def _switched(self, body: Sequence[Statement], scope: Scope) -> Iterator[tuple[str, bool]]:
        """The variables that are set to be switched on, and whether to what is measured."""
        for each in statements_of(body):
            if isinstance(each, Switched):
                measured = False
                with suppress(UnreadableCircuit):  # of a name from inside nobody knows it here
                    measured = bool(self._evaluator.read_bits(each.assign.value, scope))
                yield each.assign.name, measured

    def _lose_switched(self, body: Sequence[Statement], scope: Scope) -> None:
        """What one turn measures and switches on, the next one does not know before it is set again."""
        measured = [name for name, measured in self._switched(body, scope) if measured]
        self._lose([name for name in measured if isinstance(scope.find(name), Value)], scope)

    def _lose(self, names: Sequence[str], scope: Scope) -> None:
        """Nobody knows after that what these are, until they are set again."""
        for name in names:
            holder = scope.holder(name)
            assert holder is not None
            found = holder.names[name]
            assert isinstance(found, Value)
            holder.names[name] = found._replace(lost=True)

    def _read_condition(self, condition: Expression, scope: Scope, place: int) -> Known:
        self._budget.spend(condition.size, place)
        known = self._conditions.compared(condition, scope)
        if known is None:
            read = sorted(self._evaluator.read_bits(condition, scope))
            known = self._conditions.tabulated(condition, read, scope, place)
        bits, values, _ = known
        self._budget.spend(len(bits) * len(values), place)
        self._budget.emit(len(values), place)
        return known

    def _way(self, body: Sequence[Statement], scope: Scope) -> tuple[Operation, ...]:
        found: list[Operation] = []
        self._block(body, scope.inner(conditional=scope.conditional + 1), found)
        return tuple(found)


def _implies(known: Known, other: Known) -> bool:
    """Whether every reading for which the first holds is one for which the other does: of the same bits."""
    (bits, some, inverted), (other_bits, others, other_inverted) = known, other
    if bits != other_bits:
        return False
    if not inverted:
        return set(some).isdisjoint(others) if other_inverted else set(some) <= set(others)
    if other_inverted:
        return set(others) <= set(some)
    return len(bits) <= READ_BITS_MAX and set(range(1 << len(bits))) - set(some) <= set(others)
