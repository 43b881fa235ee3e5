"""What the tests know of each field on their own: small statements, all answers, and what an answer is worth.

The definitions follow the words of the field and share no code with the kinds: numbers are fractions of their decimal texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

Data = dict[str, Any]


def _itself(value: Fraction) -> Fraction:
    return value


@dataclass(frozen=True)
class Field:
    """One kind as its field defines it.

    `answers` lists answers that hold an optimum, feasible and infeasible ones; `worth` is None where an answer is infeasible.
    `energy` is what a QUBO to be minimised gives to a worth (of sense min; a worth to be maximised is negated before).
    """

    name: str
    statements: st.SearchStrategy[Data]
    answers: Callable[[Data], Iterable[Answer]]
    worth: Callable[[Data, Answer], Fraction | None]
    energy: Callable[[Fraction], Fraction] = _itself
    polished_by_encoding: bool = False
    """Whether encoding an answer may improve it."""
    example: Fraction = Fraction(0)
    """The optimum of the kind's example."""

    @property
    def kind(self) -> Optimisation[Any]:
        return optimisation_of(self.name)

    def best(self, data: Data) -> Fraction | None:
        """The best worth of all answers; None where none is feasible."""
        values = [value for value in (self.worth(data, answer) for answer in self.answers(data)) if value is not None]
        return (max if self.kind.sense == "max" else min)(values, default=None)

    def lowest(self, worth: Fraction) -> Fraction:
        """The energy of a feasible answer of this worth."""
        return self.energy(-worth if self.kind.sense == "max" else worth)


def total(values: Iterable[float]) -> Fraction:
    return sum((Fraction(repr(value)) for value in values), start=Fraction(0))
