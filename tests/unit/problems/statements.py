"""Small statements of every kind, drawn at random, with an independent definition of what an answer is worth.

The definitions follow the words of the field and share no code with the kinds: numbers are fractions of their decimal texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import strategies as st

from queuebit_problems.kind import Answer, Statement
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

NAMES = ("knapsack", "maxcut", "qubo")
KEYS = {"knapsack": "take", "maxcut": "side", "qubo": "x"}

integers = st.integers(-20, 20)
decimals = st.integers(-2000, 2000).map(lambda hundredths: hundredths / 100)
naturals = st.integers(0, 12)
natural_decimals = st.integers(0, 120).map(lambda tenths: tenths / 10)

Case = tuple[Optimisation[Any], Any, dict[str, Any]]
"""A kind, a statement of it, and the same as plain data."""


@st.composite
def maxcuts(draw: st.DrawFn, nodes_max: int = 7) -> Case:
    nodes = draw(st.integers(1, nodes_max))
    pairs = [(u, v) for u in range(nodes) for v in range(u)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    weights = draw(st.sampled_from([integers, decimals]))
    return _case("maxcut", {"nodes": nodes, "edges": [[u, v, draw(weights)] for u, v in chosen]})


@st.composite
def qubos(draw: st.DrawFn, variables_max: int = 7) -> Case:
    variables = draw(st.integers(1, variables_max))
    pairs = [(i, j) for i in range(variables) for j in range(i + 1)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    numbers = draw(st.sampled_from([integers, decimals]))
    terms = [[i, j, draw(numbers)] for i, j in chosen]
    return _case("qubo", {"variables": variables, "terms": terms, "offset": draw(numbers)})


@st.composite
def knapsacks(draw: st.DrawFn, items_max: int = 4) -> Case:
    items = draw(st.integers(1, items_max))
    numbers = draw(st.sampled_from([naturals, naturals, natural_decimals]))
    profits = draw(st.lists(numbers, min_size=items, max_size=items))
    weights = draw(st.lists(numbers, min_size=items, max_size=items))
    capacity = draw(st.integers(0, 15))
    return _case("knapsack", {"capacity": capacity, "profits": profits, "weights": weights})


cases = st.one_of(maxcuts(), qubos(), knapsacks())


def _case(name: str, data: dict[str, Any]) -> Case:
    kind = optimisation_of(name)
    return kind, kind.parse(data), data


def key_of(kind: Optimisation[Any]) -> str:
    return KEYS[kind.name]


def all_answers(kind: Optimisation[Any], statement: Statement) -> list[Answer]:
    """Every answer, feasible or not."""
    variables = kind.size(statement).variables
    return [{key_of(kind): list(bits)} for bits in product((0, 1), repeat=variables)]


def worth(kind: Optimisation[Any], data: dict[str, Any], bits: Sequence[int]) -> Fraction:
    """The objective by its definition."""
    match kind.name:
        case "maxcut":
            return total(w for u, v, w in data["edges"] if bits[u] != bits[v])
        case "qubo":
            return total([data["offset"], *(q for i, j, q in data["terms"] if bits[i] * bits[j])])
        case "knapsack":
            return total(profit for profit, bit in zip(data["profits"], bits, strict=True) if bit)
        case other:
            raise AssertionError(f"no definition for {other}")


def excess(data: dict[str, Any], bits: Sequence[int]) -> Fraction:
    """By how much a packing is too heavy, 0 or less where it fits."""
    return total(weight for weight, bit in zip(data["weights"], bits, strict=True) if bit) - total([data["capacity"]])


def optimum(kind: Optimisation[Any], statement: Statement, data: dict[str, Any]) -> tuple[Fraction, list[Answer]]:
    """The best worth of all feasible answers by definition, and every answer that has it."""
    rated = [
        (worth(kind, data, answer[key_of(kind)]), answer)
        for answer in all_answers(kind, statement)
        if kind.name != "knapsack" or excess(data, answer[key_of(kind)]) <= 0
    ]
    best = (max if kind.sense == "max" else min)(value for value, _ in rated)
    return best, [answer for value, answer in rated if value == best]


def total(values: Any) -> Fraction:
    return sum((Fraction(repr(value)) for value in values), start=Fraction(0))
