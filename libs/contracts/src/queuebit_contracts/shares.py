"""What the objective of an answer is made of, and how much room its constraints leave: figures that anybody can add up."""

from __future__ import annotations

from queuebit_contracts.jobs import Number
from queuebit_contracts.model import Model

TERMS_MAX = 10
"""So many terms of each part are named; the others are one sum."""
ROOMS_MAX = 10


class Term(Model):
    """One term of the objective, in the words of the field."""

    name: str
    amount: Number


class Part(Model):
    """Terms of one sort. `amount` is their sum: that of the terms that are named, the largest, and of the `others`."""

    name: str
    amount: Number
    count: int
    terms: tuple[Term, ...] = ()
    others: Number = 0


class Room(Model):
    """How much of a limit is used, and what is left of it; less than 0 where the answer breaks it."""

    name: str
    used: Number
    limit: Number
    left: Number


class Shares(Model):
    """The amounts of the parts add up to the objective. `rooms`: the constraints that leave the least, in proportion;
    `rooms_count` says how many there are.
    """

    parts: tuple[Part, ...]
    rooms: tuple[Room, ...] = ()
    rooms_count: int = 0
