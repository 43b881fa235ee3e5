"""Assignments: linear."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from tests.unit.problems.fields import Data, Field, total

integers = st.integers(-9, 9)
naturals = st.integers(0, 9)
tenths = st.integers(-90, 90).map(lambda value: value / 10)


def _table(value: st.SearchStrategy[float], rows: int, columns: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(value, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def linear(draw: st.DrawFn) -> Data:
    rows = draw(st.integers(1, 4))
    return {"costs": draw(_table(draw(st.sampled_from([integers, naturals, tenths])), rows, rows))}


def _given(data: Data) -> Iterable[Answer]:
    rows = len(data["costs"])
    return ({"assigned_to": list(columns)} for columns in product(range(rows), repeat=rows))


def _cost(data: Data, answer: Answer) -> Fraction | None:
    columns = answer["assigned_to"]
    if len(set(columns)) < len(columns):
        return None
    return total(row[column] for row, column in zip(data["costs"], columns, strict=True))


FIELDS = [Field("assignment", linear(), _given, _cost, example=Fraction(12))]
