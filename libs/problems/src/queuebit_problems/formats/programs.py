"""Programs as files state them, on the way to a statement: variables by name, rows, and what no reader may guess."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact, simplest
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.numeric import integers, leeway, number

NAMES_MAX = 50_000
TERMS_READ_MAX = 1_000_000
PASSES_MAX = 20
WORK_MAX = 2_000_000


@dataclass(slots=True)
class Column:
    """A variable: its bounds, None where open, and whether it is said to be a whole number."""

    name: str
    line: int
    lower: Number | None = 0
    upper: Number | None = None
    whole: bool = False
    binary: bool = False

    def close(self) -> None:
        """A binary variable lies between 0 and 1, whatever its bounds say beyond that."""
        if self.binary:
            self.lower = 0 if self.lower is None else max(self.lower, 0)
            self.upper = 1 if self.upper is None else min(self.upper, 1)


@dataclass(slots=True)
class Line:
    """A constraint: the sum of the terms lies between the sides."""

    name: str
    terms: dict[int, Number] = field(default_factory=dict)
    lower: Number | None = None
    upper: Number | None = None


@dataclass(slots=True)
class Draft:
    """A program that is being read."""

    most: bool = False
    columns: list[Column] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    linear: dict[int, Number] = field(default_factory=dict)
    quadratic: dict[tuple[int, int], Number] = field(default_factory=dict)
    offset: Number = 0
    lines: list[Line] = field(default_factory=list)

    def place(self, name: str, line: int) -> int:
        """The place of a variable, which is new where its name is."""
        found = self.places.get(name)
        if found is None:
            found = self.places[name] = len(self.columns)
            self.columns.append(Column(name, line))
        return found

    def imply(self) -> None:
        """Give open sides of whole numbers the bounds that the constraints imply, as far as a few passes find them: which
        answers there are stays the same.
        """
        for column in self.columns:
            column.close()
        work = 0
        for _ in range(PASSES_MAX):
            changed = False
            for one in self.lines:
                if any(_open(self.columns[i]) for i in one.terms):
                    work += len(one.terms)
                    changed |= _tightened(self, one)
                if work > WORK_MAX:
                    return
            if not changed:
                return

    def statement(self, refuse: Callable[[Column, str, str], UnreadableFile]) -> dict[str, Any]:
        """What the file states. `refuse` makes the error about a variable that has no range of whole numbers."""
        self.imply()
        return {
            "sense": "max" if self.most else "min",
            "variables": [_ranged(column, refuse) for column in self.columns],
            "linear": [[i, c] for i, c in self.linear.items() if c],
            "quadratic": [[i, j, q] for (i, j), q in self.quadratic.items() if q],
            "offset": self.offset,
            "constraints": [
                {"name": one.name, "terms": [[i, a] for i, a in one.terms.items() if a], **_sides(one)}
                for one in self.lines
            ],
        }


def add(left: Number, right: Number) -> Number:
    """The sum of two numbers as their decimals state them."""
    return number(simplest(Fraction(exact(left)) + Fraction(exact(right))))


def times(left: Number, right: Number) -> Number:
    """The product of two numbers as their decimals state them."""
    return number(simplest(Fraction(exact(left)) * Fraction(exact(right))))


def _sides(one: Line) -> dict[str, Number]:
    return {key: side for key, side in (("lower", one.lower), ("upper", one.upper)) if side is not None}


def _ranged(column: Column, refuse: Callable[[Column, str, str], UnreadableFile]) -> dict[str, Any]:
    fixed = column.lower is not None and column.lower == column.upper and float(column.lower).is_integer()
    if not column.whole and not fixed:
        remedy = "State it as a whole number (Generals, Binaries, or an INTORG marker), or in whole units."
        raise refuse(column, "is continuous, and only whole numbers are answered", remedy)
    if column.lower is None or column.upper is None:
        side = "lower" if column.lower is None else "upper"
        raise refuse(column, f"has no {side} bound, and the constraints imply none", f"State its {side} bound.")
    lower, upper = math.ceil(exact(column.lower)), math.floor(exact(column.upper))
    if lower > upper:
        stated = f"has no whole number between its bounds, {column.lower} and {column.upper}"
        raise refuse(column, stated, "Correct its bounds; where only an upper one is stated, the lower is 0.")
    return {"name": column.name, "lower": lower, "upper": upper}


def _open(column: Column) -> bool:
    return column.whole and (column.lower is None or column.upper is None)


def _tightened(draft: Draft, one: Line) -> bool:
    """Bounds that one constraint implies for its open variables; whether there are any."""
    changed = False
    _, unit = integers([*one.terms.values(), *_sides(one).values()])
    for side, sign in ((one.upper, 1), (one.lower, -1)):
        if side is None:
            continue
        terms = [(draft.columns[i], sign * Fraction(exact(a))) for i, a in one.terms.items() if a]
        ends = [(column.lower if a > 0 else column.upper, a) for column, a in terms]
        missing = [place for place, (end, _) in enumerate(ends) if end is None]
        if len(missing) > 1:
            continue
        least = sum((a * Fraction(exact(end)) for end, a in ends if end is not None), start=Fraction(0))
        room = sign * Fraction(exact(side)) + leeway(side, unit) - least
        for place, (column, a) in enumerate(terms):
            if not _open(column) or (missing and missing[0] != place):
                continue
            end = ends[place][0]
            limit = (room + (a * Fraction(exact(end)) if end is not None else 0)) / a
            if a > 0 and column.upper is None:
                column.upper, changed = math.floor(limit), True
            elif a < 0 and column.lower is None:
                column.lower, changed = math.ceil(limit), True
    return changed
