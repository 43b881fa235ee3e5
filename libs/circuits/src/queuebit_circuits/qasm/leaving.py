"""Loops that are left early, or whose turns are: what follows of them stands in the way in which they are not left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from queuebit_circuits.circuit import Branch, Measure, Operation, walk
from queuebit_circuits.qasm.blocks import leaves, loop
from queuebit_circuits.qasm.conditions import Known
from queuebit_circuits.qasm.looping import Looping
from queuebit_circuits.qasm.scope import Scope, Value
from queuebit_circuits.qasm.syntax import Assign, For, If, Leave, Statement, Switched, While

SPLITS_MAX = 24
"""So often a loop may be left where a measurement has it so, each within the one before: written down, it can be read again."""
COPIES_EACH_STEP = 8
"""Of statements that follow, and of names, each way has its own, which takes time whether or not they are ever run."""

Step = tuple[Statement, Scope]
"""A statement, and the scope that it is read in."""


class Flow(Enum):
    """How a turn ended: its loop goes on, is over, or all that follows of it stands in branches already."""

    ON = auto()
    OVER = auto()
    SPLIT = auto()


ALWAYS: Known = ((), [], True)


class _SeveralPlaces(Exception):
    """A loop without an end of its own is left at more than one place, or within a condition."""


@dataclass(slots=True)
class Ways:
    """How a turn is left: the conditions on `path` hold where reading is, and each of `out` is such a path to a `break`."""

    path: list[Known] = field(default_factory=list)
    out: list[tuple[Known, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Left:
    """A loop that is left early. `turn`: the scope of the turn of a number at a depth of conditions, None where there is none.
    `base`: the scope that it stands in. `endless`: whether its condition is known and never changes; `ways`: of a loop of which
    one turn stands for all.
    """

    body: tuple[Statement, ...]
    base: Scope
    turn: Callable[[int, int], Scope | None]
    place: int
    endless: bool = False
    ways: Ways | None = None


class Leaving(Looping):
    """Reads loops with `break` and `continue`."""

    def _left_for(self, statement: For, scope: Scope, into: list[Operation]) -> None:
        scopes, known = loop(self._evaluator, statement, scope), list[Scope]()

        def turn(number: int, conditional: int) -> Scope | None:
            if number == len(known):
                found = next(scopes, None)
                if found is None:
                    return None
                known.append(found)
            return Scope(scope, conditional=conditional, names=dict(known[number].names))

        self._turns(Left(statement.body, scope, turn, statement.place), 0, scope.conditional, into)

    def _left_while(self, statement: While, scope: Scope, into: list[Operation]) -> None:
        condition, body, place = statement.condition, statement.body, statement.place
        self._lose_switched(body, scope)
        counters = sorted(self._counters(body, scope))
        if self._evaluator.read_bits(condition, scope):
            if counters:
                raise self._source.error(
                    place,
                    f"a loop that depends on measurements sets {counters[0]} and is left early",
                    "Bound it by its condition alone: while (c && n < 20).",
                )
            self._one_turn_for_all(self._read_condition(condition, scope, place), statement, scope, into)
            return

        def turn(_: int, conditional: int) -> Scope | None:
            self._budget.spend(1 + condition.size, place)
            return scope.inner(conditional=conditional) if self._evaluator.number(condition, scope) else None

        before = len(into)
        try:
            self._turns(Left(body, scope, turn, place, endless=not counters), 0, scope.conditional, into)
        except _SeveralPlaces:
            del into[before:]
            self._one_turn_for_all(ALWAYS, statement, scope, into)

    def _one_turn_for_all(self, known: Known, statement: While, scope: Scope, into: list[Operation]) -> None:
        """`while (c) { A if (b) { X break; } B }` is `if (c) { A if (b) { X } else { B } while (c && !b) { the same } }`: what
        decides whether it is left is not measured again in that turn.
        """
        ways, place = Ways(), statement.place
        turn = self._measured_turn(statement, scope, ways)
        if not ways.out:
            self._loop(known, turn, place, into)
            return
        goes_on = self._unless(known, ways.out, place)
        following = list(turn)
        self._loop(goes_on, self._measured_turn(statement, scope, Ways()), place, following)
        bits, values, inverted = known
        if not bits:
            into.extend(following)
        elif values or inverted:
            then, otherwise = ((), tuple(following)) if inverted else (tuple(following), ())
            into.append(Branch(bits, tuple(values), then, otherwise))

    def _unless(self, known: Known, paths: Sequence[tuple[Known, ...]], place: int) -> Known:
        """That a condition holds and none of the paths does."""
        every = [known, *(each for path in paths for each in path)]
        read = sorted({bit for bits, _, _ in every for bit in bits})

        def holds(reading: Mapping[int, int]) -> bool:
            return _holds(known, reading) and not any(all(_holds(each, reading) for each in path) for path in paths)

        return self._conditions.tried(holds, read, len(every), place)

    def _measured_turn(self, statement: While, scope: Scope, ways: Ways) -> tuple[Operation, ...]:
        """One turn of a loop that depends on measurements; what leaves it, or this turn, leaves out what follows."""
        found: list[Operation] = []

        def turn(number: int, conditional: int) -> Scope | None:
            return scope.inner(conditional=conditional) if number == 0 else None

        left = Left(statement.body, scope, turn, statement.place, ways=ways)
        self._turns(left, 0, scope.conditional + 1, found)
        return tuple(found)

    def _turns(self, left: Left, number: int, conditional: int, into: list[Operation]) -> None:
        """All turns from a number on."""
        while (scope := left.turn(number, conditional)) is not None:
            number += 1
            steps = [(each, scope) for each in left.body]
            if self._turn(left, number, steps, into) is not Flow.ON:
                return

    def _turn(self, left: Left, following: int, steps: Iterable[Step], into: list[Operation]) -> Flow:
        """What is left of a turn; `following` is the number of the next one."""
        ahead = [*steps][::-1]
        while ahead:
            statement, scope = ahead.pop()
            match statement:
                case Leave(on, place):
                    self._budget.spend(1, place)
                    if left.ways is not None and not on:
                        left.ways.out.append(tuple(left.ways.path))
                    return Flow.ON if on else Flow.OVER
                case If(leaves=True):
                    self._budget.spend(1, statement.place)
                    known = self._known(statement, scope)
                    if not isinstance(known, bool):
                        return self._split(left, following, (statement, scope), known, ahead[::-1], into)
                    inner = scope.inner()
                    ahead += [(each, inner) for each in (statement.then if known else statement.otherwise)[::-1]]
                case Switched(ways=If(leaves=True)):
                    ahead.append((self._set_and_switched(statement, scope, into), scope))
                case _:
                    self._statement(statement, scope, into)
        return Flow.ON

    def _set_and_switched(self, statement: Switched, scope: Scope, into: list[Operation]) -> If:
        """What a switch asks: a variable where it is known, else the measured value that it is set to."""
        assign = statement.assign
        found = scope.find(assign.name)
        plain = (
            isinstance(found, Value) and found.type in ("int", "uint") and found.width is None and not found.constant
        )
        read = self._evaluator.read_bits(assign.value, scope) if plain else ()
        if not read or not self._kept_as_it_is(assign, read, scope):
            self._statement(assign, scope, into)
            return statement.ways
        self._lose((assign.name,), scope)
        return statement.measured

    def _kept_as_it_is(self, assign: Assign, read: Iterable[int], scope: Scope) -> bool:
        """Whether a whole number that is set to this value is the value itself: neither cut off nor wrapped around."""
        value = self._evaluator.value(assign.value, scope, reading=dict.fromkeys(read, 0))
        variable = scope.find(assign.name)
        signed = isinstance(variable, Value) and variable.type == "int"
        return value.type in ("bit", "bool", "uint", "whole") or (value.type == "int" and signed)

    def _known(self, statement: If, scope: Scope) -> Known | bool:
        """Whether a condition holds, where that is known while reading."""
        condition, place = statement.condition, statement.place
        if not self._evaluator.read_bits(condition, scope):
            self._budget.spend(condition.size, place)
            return bool(self._evaluator.number(condition, scope))
        known = self._read_condition(condition, scope, place)
        return known if known[1] else known[2]

    def _split(
        self,
        left: Left,
        following: int,
        step: tuple[If, Scope],
        known: Known,
        rest: Sequence[Step],
        into: list[Operation],
    ) -> Flow:
        """A measurement decides whether the loop, or its turn, is left: each way has all that follows there."""
        if left.endless:
            self._until(left, step, known, into)
            return Flow.SPLIT
        statement, scope = step
        conditional, (bits, values, inverted) = scope.conditional + 1, known
        if conditional - left.base.conditional > SPLITS_MAX:
            raise self._source.error(
                statement.place,
                f"measurements decide more than {SPLITS_MAX} times, each within the one before, whether a loop is left",
                "State a shorter range, or write while (true) { … if (c) break; … }.",
            )
        ways: list[tuple[Operation, ...]] = []
        breaks = 0 if left.ways is None else len(left.ways.out)
        for holds, body in ((True, statement.then), (False, statement.otherwise)):
            if left.ways is not None:
                left.ways.path.append((bits, values, inverted is holds))
            found, copies = list[Operation](), dict[int, Scope]()
            inner = _copied(scope, left.base, conditional, copies).inner()
            steps = [(each, inner) for each in body]
            steps += [(each, _copied(its, left.base, conditional, copies)) for each, its in rest]
            copied = len(rest) + sum(len(each.names) for each in copies.values())
            self._budget.spend(copied // COPIES_EACH_STEP, statement.place)
            if self._turn(left, following, steps, found) is Flow.ON:
                self._turns(left, following, conditional, found)
            ways.append(tuple(found))
            if left.ways is not None:
                left.ways.path.pop()
        if left.ways is not None and len(left.ways.out) > breaks:
            self._check_kept(bits, ways, statement.place)
        then, otherwise = ways[::-1] if inverted else ways
        if then or otherwise:
            self._loops.counted(statement.place)
            into.append(Branch(bits, tuple(values), then, otherwise))
        return Flow.SPLIT

    def _check_kept(self, bits: Sequence[int], ways: Sequence[Sequence[Operation]], place: int) -> None:
        """Refuse to measure again, before the turn ends, what decides whether a loop is left."""
        if any(isinstance(each, Measure) and each.clbit in bits for way in ways for each in walk(way)):
            raise self._source.error(
                place,
                "a bit that decides whether a loop is left is measured again in the same turn",
                "Measure into another bit there.",
            )

    def _until(self, left: Left, step: tuple[If, Scope], known: Known, into: list[Operation]) -> None:
        """`while (true) { A if (c) { X break; } else { Y } B }`, of which A is read: while (!c) { Y B A } X."""
        statement, scope = step
        place, (bits, values, inverted) = statement.place, known
        then_leaves = leaves(statement.then)
        out, stays = (statement.then, statement.otherwise) if then_leaves else (statement.otherwise, statement.then)
        last = out[-1] if out else None
        others = [each for each in left.body if each is not statement]
        if (
            len(others) == len(left.body)
            or not (isinstance(last, Leave) and not last.on)
            or any(leaves(body) for body in (others, out[:-1], stays))
        ):
            raise _SeveralPlaces
        at = next(number for number, each in enumerate(left.body) if each is statement)
        turn, copies = list[Operation](), dict[int, Scope]()
        copied = _copied(scope, left.base, scope.conditional + 1, copies)
        self._block(stays, copied.inner(), turn)
        self._block(left.body[at + 1 :], copied, turn)
        self._block(left.body[:at], left.base.inner(conditional=copied.conditional), turn)
        goes_on = (bits, values, inverted is not then_leaves)
        self._loop(goes_on, tuple(turn), place, into)
        self._block(out[:-1], scope.inner(), into)


def _holds(known: Known, reading: Mapping[int, int]) -> bool:
    bits, values, inverted = known
    return (sum(reading[bit] << place for place, bit in enumerate(bits)) in values) is not inverted


def _copied(scope: Scope, base: Scope, conditional: int, copies: dict[int, Scope]) -> Scope:
    """A scope within a loop as it is now, deeper in conditions: what one way sets there, the other does not see."""
    if scope is base or scope.outer is None:
        return scope
    found = copies.get(id(scope))
    if found is None:
        outer = _copied(scope.outer, base, conditional, copies)
        found = copies[id(scope)] = Scope(outer, scope.closed, conditional, dict(scope.names))
    return found
