"""The shares of an answer in exact numbers: what its kind tells of them, and the few that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest, nsmallest
from typing import NamedTuple

from queuebit_contracts import shares as told
from queuebit_contracts.shares import ROOMS_MAX, TERMS_MAX
from queuebit_problems.encoding.qubo import Exact
from queuebit_problems.numeric import number

Naming = Callable[[int], str]
NAME_MAX = 80
"""A longer name is cut: some programs name their variables by whole sentences."""


@dataclass(frozen=True, slots=True)
class Part:
    """Terms of the objective of one sort: the amounts in units, and the name of each by its place."""

    name: str
    amounts: Sequence[int]
    unit: int
    naming: Naming

    @property
    def total(self) -> Exact:
        return Fraction(sum(self.amounts), self.unit)


class Room(NamedTuple):
    """A constraint that may leave something: what is used of the limit in units. `at_least`: the limit is from below."""

    name: str
    used: int
    limit: int
    unit: int
    at_least: bool = False

    @property
    def left(self) -> int:
        return self.used - self.limit if self.at_least else self.limit - self.used

    @property
    def share_left(self) -> Fraction:
        """In proportion to what is larger, limit or use."""
        return Fraction(self.left, max(abs(self.limit), abs(self.used), 1))


@dataclass(frozen=True, slots=True)
class Shares:
    """All of them. The totals of the parts add up to the objective exactly."""

    parts: Sequence[Part]
    rooms: Sequence[Room] = ()

    @property
    def total(self) -> Exact:
        return sum((Fraction(part.total) for part in self.parts), start=Fraction(0))


def one_part(name: str, amounts: Sequence[int], unit: int, naming: Naming, rooms: Iterable[Room] = ()) -> Shares:
    """The shares of an objective that is one sum."""
    return Shares((Part(name, amounts, unit, naming),), tuple(rooms))


def shown(shares: Shares) -> told.Shares:
    """The few that matter, as JSON numbers: of each part the largest terms, of the constraints those with the least left."""
    tight = nsmallest(ROOMS_MAX, shares.rooms, key=lambda room: room.share_left)
    return told.Shares(
        parts=tuple(map(_part, shares.parts)), rooms=tuple(map(_room, tight)), rooms_count=len(shares.rooms)
    )


def _part(part: Part) -> told.Part:
    amounts, unit = part.amounts, part.unit
    largest = nlargest(TERMS_MAX, range(len(amounts)), key=lambda place: (abs(amounts[place]), -place))
    named = [place for place in largest if amounts[place]]
    rest = sum(amounts) - sum(amounts[place] for place in named)
    return told.Part(
        name=part.name,
        amount=number(part.total),
        count=sum(map(bool, amounts)),
        terms=tuple(told.Term(name=_short(part.naming(p)), amount=number(Fraction(amounts[p], unit))) for p in named),
        others=number(Fraction(rest, unit)),
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"


def _room(room: Room) -> told.Room:
    used, limit, left = (number(Fraction(value, room.unit)) for value in (room.used, room.limit, room.left))
    return told.Room(name=_short(room.name), used=used, limit=limit, left=left)


def quadratic_shares(
    terms: Sequence[tuple[int, int, object]], values: Sequence[int], unit: int, bits: Sequence[int]
) -> Shares:
    """Of a quadratic form over bits: `values` are those of the terms [i, j, …] in units, and last the offset."""
    on = [(i, j, q) for (i, j, _), q in zip(terms, values, strict=False) if bits[i] and bits[j]]
    linear = [(i, q) for i, j, q in on if i == j]
    pairs = [(i, j, q) for i, j, q in on if i != j]
    parts = (
        Part("offset", [values[-1]], unit, lambda _: "offset"),
        Part("linear terms", [q for _, q in linear], unit, lambda k: f"x{linear[k][0]}"),
        Part("quadratic terms", [q for *_, q in pairs], unit, lambda k: f"x{pairs[k][0]} x{pairs[k][1]}"),
    )
    return Shares(tuple(part for part in parts if any(part.amounts)) or parts[:1])
