"""Sets of jobs as boxes: for each fact a set of pieces, cut where a table cuts it. All questions of lint are about these.

A set of pieces is a number with a bit for each; a fact that a box does not name may be anything. A condition between two facts
is a fact of its own, which is true or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

from queuebit_contracts.policy import FactRef
from queuebit_domain.policy.facts import FACTS, FactSpec
from queuebit_domain.policy.tables import OPERATORS, Condition, Op

Box = Mapping[str, int]
PIECES_MAX: Final = 20_000
"""More boxes are not cut up on the way to an answer: what is not found out by then is not told."""
_OTHER: Final = "\0 anything else"
UNKNOWN: Final = None


class Span(NamedTuple):
    """The numbers between two others, without these; or one number, where both are the same."""

    least: float
    most: float

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least:g}"
        if self.least == -inf:
            return f"below {self.most:g}"
        return f"above {self.least:g}" if self.most == inf else f"between {self.least:g} and {self.most:g}"


class Pieces:
    """How a table cuts each fact."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        told = list(conditions)
        self._pieces: dict[str, list[object]] = {}
        for fact in dict.fromkeys(name for each in told for name in facts_in(each)):
            self._pieces[fact] = _cut(FACTS[fact], [each for each in told if each.fact == fact])

    def box(self, conditions: Sequence[Condition]) -> Box | None:
        """All that the conditions let through; None where that is nothing."""
        found: dict[str, int] = {}
        for condition in conditions:
            if isinstance(condition.operand, FactRef):
                name, mask = _between_facts(condition)
                for fact in facts_in(condition):
                    found[fact] = found.get(fact, -1) & self._mask(fact, lambda piece: piece is not UNKNOWN)
            else:
                name, mask = condition.fact, self._of(condition)
            found[name] = found.get(name, -1) & mask
        if any(mask == 0 for mask in found.values()):
            return None
        return {name: mask for name, mask in found.items() if mask != self.all_of(name)}

    def holes(self, fact: str, masks: Sequence[int]) -> Iterator[str]:
        """In words, the numbers that lie between those of the masks and in none of them, neighbours as one."""
        pieces = self._pieces[fact]
        numbers = [place for place, piece in enumerate(pieces) if isinstance(piece, Span)]
        union = 0
        for mask in masks:
            union |= mask
        taken = [place for place in numbers if union >> place & 1]
        if not taken:
            return
        hole: list[Span] = []
        for place in numbers:
            piece = pieces[place]
            assert isinstance(piece, Span)
            if taken[0] < place < taken[-1] and not union >> place & 1:
                hole.append(piece)
            elif hole:
                yield str(hole[0]) if len(hole) == 1 else f"from {hole[0].least:g} to {hole[-1].most:g}"
                hole = []

    def _of(self, condition: Condition) -> int:
        if condition.op == "known":
            return self._mask(condition.fact, lambda piece: (piece is not UNKNOWN) is condition.operand)
        holds = OPERATORS[condition.op]
        return self._mask(
            condition.fact, lambda piece: piece is not UNKNOWN and holds(_sample(piece), condition.operand)
        )

    def _mask(self, fact: str, wanted: Callable[[object], bool]) -> int:
        return sum(1 << place for place, piece in enumerate(self._pieces[fact]) if wanted(piece))

    def all_of(self, name: str) -> int:
        """All pieces of a fact."""
        return (1 << len(self._pieces[name])) - 1 if name in self._pieces else 0b11


def facts_in(condition: Condition) -> tuple[str, ...]:
    """The facts that a condition asks about."""
    operand = condition.operand
    return (condition.fact, operand.fact) if isinstance(operand, FactRef) else (condition.fact,)


def meet(one: Box, other: Box) -> Box | None:
    """What is in both; None where nothing is."""
    found = dict(one)
    for name, mask in other.items():
        found[name] = found.get(name, mask) & mask
        if found[name] == 0:
            return None
    return found


def covered(box: Box, others: Sequence[Box], pieces: Pieces) -> bool:
    """Whether all of the box is in the others together. Where that takes too many cuts to say it is not told."""
    left: list[Box] = [box]
    for other in others:
        rest: list[Box] = []
        for each in left:
            rest.extend(_without(each, other, pieces))
            if len(rest) > PIECES_MAX:
                return False
        left = rest
        if not left:
            return True
    return False


def _without(box: Box, other: Box, pieces: Pieces) -> Iterator[Box]:
    """The parts of a box that are not in another, which do not overlap."""
    if meet(box, other) is None:
        yield box
        return
    rest = dict(box)
    for name, mask in other.items():
        here = rest.get(name, pieces.all_of(name))
        outside = here & ~mask
        if outside:
            yield {**rest, name: outside}
        rest[name] = here & mask


def _cut(spec: FactSpec, conditions: Sequence[Condition]) -> list[object]:
    found: list[object] = [UNKNOWN] if spec.optional else []
    values = sorted(
        {value for each in conditions for value in _values(each)}, key=lambda value: (str(type(value)), value)
    )
    match spec.type:
        case "truth":
            return [*found, False, True]
        case "text":
            return [*found, *(spec.values or (*map(str, values), _OTHER))]
        case "count" | "number":
            return [*found, *_spans(_cuts(values, spec), whole=spec.type == "count")]


def _cuts(values: Iterable[bool | int | float | str], spec: FactSpec) -> list[float]:
    """Where numbers are cut. No count is negative."""
    return sorted({float(value) for value in values if spec.type == "number" or float(value) >= 0})


def _spans(cuts: Sequence[float], *, whole: bool) -> Iterator[Span]:
    """The numbers between, at and around the cuts; of counts only those with a whole number that is not negative."""
    edges = [-1.0 if whole else -inf, *cuts, inf]
    for place, (least, most) in enumerate(pairwise(edges)):
        if place and (not whole or (least >= 0 and least.is_integer())):
            yield Span(least, least)
        if least < most and not (whole and most != inf and _whole_between(least, most) == 0):
            yield Span(least, most)


def _whole_between(least: float, most: float) -> int:
    """How many whole numbers lie between two, without these."""
    first = int(least // 1) + 1
    last = -int(-most // 1) - 1
    return max(0, last - first + 1)


def _sample(piece: object) -> object:
    """A value of the piece: all of it compares alike with what the table names."""
    if not isinstance(piece, Span):
        return piece
    if piece.least == piece.most:
        return piece.least
    if piece.least == -inf:
        return 0.0 if piece.most == inf else piece.most - 1
    return piece.least + 1 if piece.most == inf else (piece.least + piece.most) / 2


def _values(condition: Condition) -> Iterator[bool | int | float | str]:
    operand = condition.operand
    if condition.op == "known" or isinstance(operand, FactRef):
        return
    yield from operand if isinstance(operand, tuple) else (operand,)


def _between_facts(condition: Condition) -> tuple[str, int]:
    """A condition between two facts as a fact of its own: the same one for its opposite."""
    opposites: Mapping[Op, Op] = {"ge": "lt", "gt": "le", "ne": "eq"}
    opposite = opposites.get(condition.op)
    name = str(condition._replace(op=opposite or condition.op))
    return name, 0b10 if opposite is None else 0b01
