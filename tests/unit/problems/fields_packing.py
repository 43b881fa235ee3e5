"""Packing and dividing: bins, two sides."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations, product

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from tests.unit.problems.fields import Data, Field, total

naturals = st.integers(0, 9)
tenths = st.integers(0, 90).map(lambda value: value / 10)
numbers = st.sampled_from([naturals, naturals, tenths])


@st.composite
def packings(draw: st.DrawFn) -> Data:
    sizes = draw(st.lists(draw(numbers), min_size=1, max_size=5))
    return {"capacity": draw(st.integers(9, 14)), "sizes": sizes}


def _bins(data: Data) -> Iterable[Answer]:
    items = len(data["sizes"])
    return ({"bin": list(bins)} for bins in product(range(items), repeat=items))


def _packed(data: Data, answer: Answer) -> Fraction | None:
    names = set(answer["bin"])
    loads = [total(s for s, b in zip(data["sizes"], answer["bin"], strict=True) if b == name) for name in names]
    return Fraction(len(names)) if max(loads) <= data["capacity"] else None


@st.composite
def divisions(draw: st.DrawFn) -> Data:
    return {"numbers": draw(st.lists(draw(numbers), min_size=1, max_size=7))}


def _sides(data: Data) -> Iterable[Answer]:
    return ({"side": list(side)} for side in product((0, 1), repeat=len(data["numbers"])))


def _difference(data: Data, answer: Answer) -> Fraction:
    pairs = list(zip(data["numbers"], answer["side"], strict=True))
    return abs(total(value for value, side in pairs if side) - total(value for value, side in pairs if not side))


def _square(value: Fraction) -> Fraction:
    return value * value


@st.composite
def multi_knapsacks(draw: st.DrawFn) -> Data:
    items, rows = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    value = draw(numbers)
    row = st.lists(value, min_size=items, max_size=items)
    weights = draw(st.lists(row, min_size=rows, max_size=rows))
    capacities = draw(st.lists(st.integers(0, 7), min_size=rows, max_size=rows))
    return {"capacities": capacities, "profits": draw(row), "weights": weights}


def _takes(data: Data) -> Iterable[Answer]:
    return ({"take": list(take)} for take in product((0, 1), repeat=len(data["profits"])))


def _within(data: Data, answer: Answer) -> Fraction | None:
    for capacity, row in zip(data["capacities"], data["weights"], strict=True):
        if total(weight for weight, bit in zip(row, answer["take"], strict=True) if bit) > total([capacity]):
            return None
    return total(profit for profit, bit in zip(data["profits"], answer["take"], strict=True) if bit)


@st.composite
def quadratic_knapsacks(draw: st.DrawFn) -> Data:
    items = draw(st.integers(1, 5))
    value = draw(numbers)
    row = st.lists(value, min_size=items, max_size=items)
    chosen = draw(st.lists(st.sampled_from(list(combinations(range(items), 2)) or [(0, 0)]), unique=True))
    pairs = [[i, j, draw(value)] for i, j in chosen if i != j]
    return {"capacity": draw(st.integers(0, 14)), "profits": draw(row), "weights": draw(row), "pairs": pairs}


def _together(data: Data, answer: Answer) -> Fraction | None:
    take = answer["take"]
    if total(weight for weight, bit in zip(data["weights"], take, strict=True) if bit) > data["capacity"]:
        return None
    alone = total(profit for profit, bit in zip(data["profits"], take, strict=True) if bit)
    return alone + total(profit for i, j, profit in data["pairs"] if take[i] and take[j])


@st.composite
def selections(draw: st.DrawFn) -> Data:
    assets = draw(st.integers(1, 5))
    value = st.integers(-30, 30).map(lambda hundredths: hundredths / 100)
    loads = draw(st.lists(st.lists(st.integers(-5, 5), min_size=2, max_size=2), min_size=assets, max_size=assets))
    own = draw(st.lists(st.integers(0, 20), min_size=assets, max_size=assets))
    covariances = [
        [(sum(map(int.__mul__, loads[i], loads[j])) + (own[i] if i == j else 0)) / 100 for j in range(assets)]
        for i in range(assets)
    ]
    returns = draw(st.lists(value, min_size=assets, max_size=assets))
    budget, risk = draw(st.integers(1, assets)), draw(st.sampled_from([0, 1, 0.5, 3]))
    return {"expected_returns": returns, "covariances": covariances, "budget": budget, "risk_factor": risk}


def _selected(data: Data) -> Iterable[Answer]:
    return ({"select": list(bits)} for bits in product((0, 1), repeat=len(data["expected_returns"])))


def _risk_minus_return(data: Data, answer: Answer) -> Fraction | None:
    chosen = [i for i, bit in enumerate(answer["select"]) if bit]
    if len(chosen) != data["budget"]:
        return None
    risk = total(data["covariances"][i][j] for i in chosen for j in chosen)
    return total([data["risk_factor"]]) * risk - total(data["expected_returns"][i] for i in chosen)


FIELDS = [
    Field("portfolio", selections(), _selected, _risk_minus_return, example=Fraction(-1, 4)),
    Field("quadratic_knapsack", quadratic_knapsacks(), _takes, _together, example=Fraction(14)),
    Field("multi_knapsack", multi_knapsacks(), _takes, _within, example=Fraction(16)),
    Field("bin_packing", packings(), _bins, _packed, example=Fraction(2)),
    Field("number_partitioning", divisions(), _sides, _difference, energy=_square, example=Fraction(0)),
]
