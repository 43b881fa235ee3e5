"""A QUBO that keeps to earlier bits: each that is another costs, as a linear term."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import number


class ComparedBits:
    """What two answers of bits are compared by, for a statement of terms [i, j, q] and an offset."""

    def parts(self, statement: Any, answer: Answer) -> list[str] | None:
        """The value of each bit."""
        return [f"x{i}={bit}" for i, bit in enumerate(answer["x"][: statement.variables])]

    def with_change_cost(self, statement: Any, parts: frozenset[str], cost: Number) -> Any:
        """Each bit that is another than before costs so much."""
        rise = {int(name[1:]): 1 if bit == "0" else -1 for name, _, bit in (part.rpartition("=") for part in parts)}
        each = Fraction(exact(cost))
        linear = {i: Fraction(exact(q)) for i, j, q in statement.terms if i == j}
        for i, sign in rise.items():
            linear[i] = linear.get(i, Fraction(0)) + sign * each
        pairs = [(i, j, q) for i, j, q in statement.terms if i != j]
        terms = sorted([*pairs, *((i, i, number(q)) for i, q in linear.items())])
        offset = Fraction(exact(statement.offset)) + each * sum(sign < 0 for sign in rise.values())
        return statement.model_copy(update={"terms": tuple(terms), "offset": number(offset)})
