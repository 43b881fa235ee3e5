"""A binary program in integers: exact activities, objectives and ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import Exact, exact, simplest
from queuebit_problems.numeric import integers, leeway
from queuebit_problems.rows import Row

Sides = tuple[Sequence[tuple[int, Number]], Number | None, Number | None]


@dataclass(frozen=True)
class Program:
    """The objective is (offset + sum c x + sum q x y) / unit, to be made most where `most`, else least."""

    ranges: list[tuple[int, int]]
    linear: list[tuple[int, int]]
    quadratic: list[tuple[int, int, int]]
    offset: int
    unit: int
    rows: list[Row]
    most: bool

    @property
    def variables(self) -> int:
        return len(self.ranges)

    @property
    def terms(self) -> int:
        """How many numbers say it."""
        return len(self.linear) + len(self.quadratic) + sum(len(row.terms) for row in self.rows)

    def cost(self, values: Sequence[int]) -> int:
        """What is to be made least, in units: the objective, or its opposite where the most is sought."""
        total = self.worth(values)
        return -total if self.most else total

    def worth(self, values: Sequence[int]) -> int:
        """The objective in units."""
        total = self.offset + sum(c * values[i] for i, c in self.linear)
        return total + sum(q * values[i] * values[j] for i, j, q in self.quadratic)

    def exact(self, worth: int) -> Exact:
        """The objective that so many units stand for."""
        return worth if self.unit == 1 else simplest(Fraction(worth, self.unit))

    @cached_property
    def worth_range(self) -> tuple[int, int]:
        """Bounds of the objective in units: every term at its least, and every term at its most."""
        ends = [[c * end for end in self.ranges[i]] for i, c in self.linear]
        for i, j, q in self.quadratic:
            if i == j:
                (low, high), zero = self.ranges[i], self.ranges[i][0] <= 0 <= self.ranges[i][1]
                ends.append([q * low * low, q * high * high, *([0] if zero else [])])
            else:
                ends.append([q * a * b for a in self.ranges[i] for b in self.ranges[j]])
        return self.offset + sum(map(min, ends)), self.offset + sum(map(max, ends))

    @cached_property
    def neighbours(self) -> list[list[tuple[int, int]]]:
        """For each variable the others that a product of the objective joins it to, with the coefficients."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.ranges]
        for i, j, q in self.quadratic:
            if i != j:
                found[i].append((j, q))
                found[j].append((i, q))
        return found

    @cached_property
    def columns(self) -> list[list[tuple[int, int]]]:
        """For each variable the rows that it stands in, with its coefficients."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.ranges]
        for place, row in enumerate(self.rows):
            for i, a in row.terms:
                found[i].append((place, a))
        return found

    def kept(self, values: Sequence[int]) -> bool:
        """Whether the values keep every row."""
        return all(not row.missed(row.activity(values)) for row in self.rows)


def program_of(
    ranges: list[tuple[int, int]],
    linear: Sequence[tuple[int, Number]],
    quadratic: Sequence[tuple[int, int, Number]],
    offset: Number,
    constraints: Sequence[Sides],
    *,
    most: bool,
) -> Program:
    """The program whose numbers are those that the decimals state."""
    values, unit = integers([*(c for _, c in linear), *(q for _, _, q in quadratic), offset])
    split = len(linear)
    return Program(
        ranges,
        [(i, c) for (i, _), c in zip(linear, values, strict=False)],
        [(i, j, q) for (i, j, _), q in zip(quadratic, values[split:], strict=False)],
        values[-1],
        unit,
        [_row(*one) for one in constraints],
        most,
    )


def _row(terms: Sequence[tuple[int, Number]], lower: Number | None, upper: Number | None) -> Row:
    sides = [side for side in (lower, upper) if side is not None]
    values, unit = integers([*(a for _, a in terms), *sides])
    return Row(
        tuple((i, a) for (i, _), a in zip(terms, values, strict=False)),
        None if lower is None else math.ceil((Fraction(exact(lower)) - leeway(lower, unit)) * unit),
        None if upper is None else math.floor((Fraction(exact(upper)) + leeway(upper, unit)) * unit),
        unit,
        any(leeway(side, unit) for side in sides),
    )
