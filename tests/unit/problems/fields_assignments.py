"""Assignments: linear."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import assume
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


@st.composite
def generalised(draw: st.DrawFn, worth: str = "profits") -> Data:
    agents, jobs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    value = draw(st.sampled_from([naturals, naturals.map(lambda tenth: tenth / 10)]))
    profits, weights = draw(_table(value, agents, jobs)), draw(_table(st.integers(0, 4), agents, jobs))
    capacities: list[Any] = draw(st.lists(naturals, min_size=agents, max_size=agents))
    for a, most in enumerate(map(max, weights) if draw(st.booleans()) else ()):
        capacities[a] = max(capacities[a], most)
    assume(all(any(row[job] <= has for row, has in zip(weights, capacities, strict=True)) for job in range(jobs)))
    assume(sum(min(uses) for uses in zip(*weights, strict=True)) <= sum(capacities))
    return {worth: profits, "weights": weights, "capacities": capacities}


def _agents(data: Data) -> Iterable[Answer]:
    agents, jobs = len(data["weights"]), len(data["weights"][0])
    return ({"assigned_to": list(chosen)} for chosen in product(range(agents), repeat=jobs))


def _earned(data: Data, answer: Answer) -> Fraction | None:
    chosen = answer["assigned_to"]
    for agent, capacity in enumerate(data["capacities"]):
        if sum(data["weights"][agent][job] for job, a in enumerate(chosen) if a == agent) > capacity:
            return None
    return total(data["profits"][agent][job] for job, agent in enumerate(chosen))


def _paid(data: Data, answer: Answer) -> Fraction | None:
    return _earned({**data, "profits": data["costs"]}, answer)


@st.composite
def quadratic(draw: st.DrawFn) -> Data:
    n = draw(st.integers(1, 4))
    value = draw(st.sampled_from([naturals, naturals.map(lambda tenth: tenth / 10)]))
    return {"flows": draw(_table(value, n, n)), "distances": draw(_table(value, n, n))}


def _permutations(data: Data) -> Iterable[Answer]:
    n = len(data["flows"])
    return ({"permutation": list(places)} for places in product(range(n), repeat=n))


def _flow_times_distance(data: Data, answer: Answer) -> Fraction | None:
    p = answer["permutation"]
    if len(set(p)) < len(p):
        return None
    pairs = product(range(len(p)), repeat=2)
    return sum(
        (total([data["flows"][i][j]]) * total([data["distances"][p[i]][p[j]]]) for i, j in pairs), start=Fraction(0)
    )


FIELDS = [
    Field("generalised_assignment", generalised(), _agents, _earned, example=Fraction(20)),
    Field("generalised_assignment_cost", generalised("costs"), _agents, _paid, example=Fraction(16)),
    Field("quadratic_assignment", quadratic(), _permutations, _flow_times_distance, example=Fraction(24)),
    Field("assignment", linear(), _given, _cost, example=Fraction(12)),
]
