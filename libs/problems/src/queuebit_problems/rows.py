"""Constraints that are linear in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """lower <= sum of a x over the terms <= upper, all in units of 1 / unit; the tolerance is in the sides."""

    terms: tuple[tuple[int, int], ...]
    lower: int | None
    upper: int | None
    unit: int
    tolerant: bool

    def activity(self, values: Sequence[int]) -> int:
        """The sum, in units."""
        return sum(a * values[i] for i, a in self.terms)

    def missed(self, activity: int) -> int:
        """By how much a sum misses the sides, 0 where it keeps them."""
        if self.upper is not None and activity > self.upper:
            return activity - self.upper
        if self.lower is not None and activity < self.lower:
            return self.lower - activity
        return 0

    def reach(self, ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """The least and the greatest sum that the ranges of the variables allow."""
        ends = [(a * ranges[i][0], a * ranges[i][1]) for i, a in self.terms]
        return sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)


@dataclass(slots=True)
class NamedRows:
    """What every feasible answer keeps, as rows with names in the words of the field: for who doubts that there is no answer.

    `complete`: whether what keeps them is an answer; else they may allow what the problem forbids.
    """

    ranges: list[tuple[int, int]]
    complete: bool
    rows: list[Row] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(
        self, name: str, terms: Iterable[tuple[int, int]], *, lower: int | None = None, upper: int | None = None
    ) -> None:
        """A row more; two may have one name."""
        self.rows.append(Row(tuple(terms), lower, upper, 1, False))
        self.names.append(name)

    def named(self, places: Sequence[int]) -> list[str]:
        """The names of the rows at these places, each once."""
        return list(dict.fromkeys(self.names[place] for place in places))
