"""A filled CP-SAT model as linear rows, for another solver: what all its answers keep, and nothing that CP-SAT worked out.

Whatever is not linear is written with Booleans: conditions with the least number that lifts them, routes with the place of each
node, and what runs on one machine with which is first. What cannot be written so, or in numbers that floats carry, is left out:
then the rows say less than the model, so that rows without an answer are a model without one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

NUMBER_MAX: Final = 10**6
"""Above, a float's tolerance times the number is no small thing beside one."""
REACH_MAX: Final = 10**9
"""Sums that reach further are not told apart as whole numbers."""
PAIRS_MAX: Final = 5_000
NO_END: Final = 1 << 61
"""CP-SAT says so of a sum that has no lower, or no upper end."""

Terms = dict[int, int]
LinearRow = tuple[list[tuple[int, float]], float | None, float | None]


@dataclass(slots=True)
class Rows:
    """Columns of whole numbers within ranges, and rows over them."""

    ranges: list[tuple[int, int]]
    rows: list[LinearRow] = field(default_factory=list)

    def boolean(self) -> int:
        """A column more."""
        self.ranges.append((0, 1))
        return len(self.ranges) - 1

    def add(self, terms: Terms, least: int | None, most: int | None, unless: Sequence[int] = ()) -> None:
        """A row, which holds where all literals of `unless` are true."""
        low = sum(a * self.ranges[i][0 if a > 0 else 1] for i, a in terms.items())
        high = sum(a * self.ranges[i][1 if a > 0 else 0] for i, a in terms.items())
        if max(-low, high) > REACH_MAX:
            return
        if most is not None and high > most:
            self._put(terms, most, high - most, unless, 1)
        if least is not None and low < least:
            self._put({i: -a for i, a in terms.items()}, -least, least - low, unless, -1)

    def _put(self, terms: Terms, most: int, lift: int, unless: Sequence[int], sign: int) -> None:
        """sum of the terms <= most, and more by `lift` for each literal that is false."""
        row = defaultdict[int, int](int, terms)
        for literal in unless:
            i, a, constant = _false(literal)
            row[i] -= lift * a
            most += lift * constant
        if max(map(abs, [*row.values(), most]), default=0) <= NUMBER_MAX:
            found = [(i, float(sign * a)) for i, a in row.items() if a]
            self.rows.append((found, None, float(most)) if sign > 0 else (found, float(-most), None))

    def at_least(self, literals: Iterable[int], count: int, unless: Sequence[int] = ()) -> None:
        """So many of them are true."""
        terms, constant = _sum(literals)
        self.add(terms, count - constant, None, unless)

    def at_most(self, literals: Iterable[int], count: int) -> None:
        terms, constant = _sum(literals)
        self.add(terms, None, count - constant)


def stated_again(model: cp_model.CpModel) -> Rows:
    """The rows of a model."""
    proto = model.proto
    found = Rows([_ends(each.domain) for each in proto.variables])
    for each in proto.constraints:
        unless = list(each.enforcement_literal)
        if each.has_linear():
            linear, terms = each.linear, defaultdict[int, int](int)
            for i, a in zip(linear.vars, linear.coeffs, strict=True):
                terms[i] += a
            low, high = _ends(linear.domain)
            found.add(terms, None if low < -NO_END else low, None if high > NO_END else high, unless)
        elif each.has_bool_or():
            found.at_least(each.bool_or.literals, 1, unless)
        elif each.has_bool_and():
            for literal in each.bool_and.literals:
                found.at_least([literal], 1, unless)
        elif each.has_exactly_one():
            found.at_least(each.exactly_one.literals, 1)
            found.at_most(each.exactly_one.literals, 1)
        elif each.has_at_most_one():
            found.at_most(each.at_most_one.literals, 1)
        elif each.has_routes():
            _visited(found, each.routes, all_of_one=False)
        elif each.has_circuit():
            _visited(found, each.circuit, all_of_one=True)
        elif each.has_no_overlap() and not unless:
            _one_at_a_time(found, [proto.constraints[at] for at in each.no_overlap.intervals])
    return found


def _ends(domain: Iterable[int]) -> tuple[int, int]:
    """The least and the greatest number of it. What comes from OR-Tools is no sequence: it knows no places from the end."""
    ends = list(domain)
    return ends[0], ends[-1]


def _visited(found: Rows, ways: Any, *, all_of_one: bool) -> None:
    """Each node is reached and left once, but for the first one of several circuits, and no circle passes it by: the places of
    nodes rise along each way that does not lead to it. A node with a way to itself is not visited there.
    """
    out, into, between = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list), []
    for i, j, literal in zip(ways.tails, ways.heads, ways.literals, strict=True):
        out[i].append(literal)
        into[j].append(literal)
        if i == j == 0:
            return
        if i and j and i != j:
            between.append((i, j, literal))
    for node in out.keys() | into.keys():
        if node or all_of_one:
            for literals in (out[node], into[node]):
                found.at_least(literals, 1)
                found.at_most(literals, 1)
    places = {node: len(found.ranges) + at for at, node in enumerate(sorted({*out, *into} - {0}))}
    found.ranges += [(0, len(places))] * len(places)
    for i, j, literal in between:
        found.add({places[j]: 1, places[i]: -1}, 1, None, [literal])


def _one_at_a_time(found: Rows, constraints: Sequence[Any]) -> None:
    """Of two operations one is over when the other begins."""
    pairs = list(combinations(constraints, 2))
    if len(pairs) > PAIRS_MAX or any(each.enforcement_literal for each in constraints):
        return
    for one, other in pairs:
        first = found.boolean()
        _after(found, one.interval.end, other.interval.start, first)
        _after(found, other.interval.end, one.interval.start, -first - 1)


def _after(found: Rows, end: Any, start: Any, literal: int) -> None:
    terms = defaultdict[int, int](int)
    for expression, sign in ((start, 1), (end, -1)):
        for i, a in zip(expression.vars, expression.coeffs, strict=True):
            terms[i] += sign * a
    found.add(terms, end.offset - start.offset, None, [literal])


def _sum(literals: Iterable[int]) -> tuple[Terms, int]:
    """How many of them are true, as terms and a constant."""
    terms, constant = defaultdict[int, int](int), 0
    for literal in literals:
        i, a, more = _false(literal)
        terms[i] -= a
        constant += 1 - more
    return terms, constant


def _false(literal: int) -> tuple[int, int, int]:
    """1 where it is false, else 0, as a term and a constant."""
    return (literal, -1, 1) if literal >= 0 else (-literal - 1, 1, 0)
