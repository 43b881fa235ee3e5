"""The shape of a text at a glance: its lines, how many tokens each has, and what stands where. Made once for all kinds."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from queuebit_problems.formats.text import count_of, parse_number

GLANCE = 50
"""How many lines a glance reads, and how many tokens of each; of the others it only counts the tokens."""


@dataclass(frozen=True)
class Shape:
    """The lines of a text that are neither blank nor comments (which start with # or %)."""

    lines: list[str]

    @cached_property
    def widths(self) -> list[int]:
        """How many tokens each line has."""
        return [len(line.split()) for line in self.lines]

    @cached_property
    def later(self) -> set[int]:
        """The numbers of tokens that the lines after the first have."""
        return set(self.widths[1:])

    @cached_property
    def head(self) -> list[list[str]]:
        """The tokens of the first lines."""
        return [line.split(None, GLANCE)[:GLANCE] for line in self.lines[:GLANCE]]

    @cached_property
    def counts(self) -> list[int | None]:
        """The first line, token by token as far as a glance goes: a count, or None where it is none."""
        return [count_of(token) for token in self.head[0]] if self.lines else []

    @cached_property
    def numeric(self) -> bool:
        """Whether all tokens of the first lines are numbers."""
        return all(parse_number(token) is not None for line in self.head for token in line)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(self.widths))

    @property
    def total(self) -> int:
        """How many tokens there are."""
        return self._ends[-1] if self.lines else 0

    def count_at(self, place: int) -> int | None:
        """The count that the token at a place of the whole text states; None where it states none."""
        line = bisect_right(self._ends, place)
        if line == len(self.lines):
            return None
        return count_of(_tokens(self.lines[line])[place - self._ends[line] + self.widths[line]])


@lru_cache(maxsize=1)
def _tokens(line: str) -> list[str]:
    return line.split()


@lru_cache(maxsize=1)
def shape_of(text: str) -> Shape:
    """The shape of a text; that of the last one is kept, since every kind is asked about it."""
    stripped = (line.strip() for line in text.splitlines())
    return Shape([line for line in stripped if line and line[0] not in "#%"])


def counted_squares(text: str) -> int | None:
    """How many n by n tables follow n, wherever lines break; None where the numbers do not add up to whole tables."""
    shape = shape_of(text)
    n, count = shape.count_at(0) if shape.lines else None, shape.total - 1
    if not n or not count or count % (n * n) or not shape.numeric:
        return None
    if shape.widths[0] == 2 and shape.later in ({2}, {3}):  # two counts and a list of edges or items, if a wrong one
        return None
    return count // (n * n)
