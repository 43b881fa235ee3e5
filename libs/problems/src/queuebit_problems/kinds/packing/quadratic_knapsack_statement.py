"""What a quadratic knapsack states: items, pairs that are worth something together, and a capacity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.kind import Statement
from queuebit_problems.kinds.packing.knapsack_search import Packing
from queuebit_problems.numeric import (
    Index,
    NonNegative,
    integers,
)

ITEMS_MAX = 2_000
PAIRS_MAX = 500_000

Values = tuple[NonNegative, ...]
Pairs = tuple[tuple[Index, Index, NonNegative], ...]


def _filled(profits: Values) -> Values:
    if not profits:
        raise_faults("quadratic_knapsack", [((), "length", "should have at least one item")])
    return profits


def _one_each(weights: Values, info: ValidationInfo) -> Values:
    profits = info.data.get("profits")
    if profits is not None and len(profits) != len(weights):
        message = f"should have one weight for each of the {len(profits)} profits, not {len(weights)}"
        raise_faults("quadratic_knapsack", [((), "length", message)])
    return weights


def _each_pair_once(pairs: Pairs, info: ValidationInfo) -> Pairs:
    if "profits" not in info.data:
        return pairs
    raise_faults("quadratic_knapsack", _faults(pairs, len(info.data["profits"])))
    return tuple(sorted((i, j, p) if i < j else (j, i, p) for i, j, p in pairs if p))


def _faults(pairs: Pairs, items: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[tuple[int, int]]()
    for place, (i, j, _) in enumerate(pairs):
        pair = (i, j) if i <= j else (j, i)
        if i >= items or j >= items:
            yield (place, 0 if i >= items else 1), "item", f"should be an item from 0 to {items - 1}"
        elif i == j:
            yield (place,), "loop", f"pairs item {i} with itself; add it to its profit"
        elif pair in seen:
            yield (place,), "duplicate", f"repeats the pair {pair[0]}, {pair[1]}"
        seen.add(pair)


class QuadraticKnapsackStatement(Statement):
    """Items with a profit and a weight each, pairs that are worth something together, and a capacity. Items count from 0."""

    capacity: Annotated[NonNegative, Field(description="The most that the chosen items may weigh together.")]
    profits: Annotated[
        Values,
        AfterValidator(_filled),
        Field(max_length=ITEMS_MAX, description="What each item is worth; not negative."),
    ]
    weights: Annotated[Values, AfterValidator(_one_each), Field(description="What each item weighs; not negative.")]
    pairs: Annotated[
        Pairs,
        AfterValidator(_each_pair_once),
        Field(
            max_length=PAIRS_MAX,
            description="[i, j, profit]: what items i and j are worth on top if both are taken. Each pair at most once.",
        ),
    ]

    @cached_property
    def worth(self) -> tuple[list[int], list[dict[int, int]], int]:
        """(profit of each item, what it is worth with each other item, denominator), in integers."""
        values, unit = integers([*self.profits, *(p for _, _, p in self.pairs)])
        items = len(self.profits)
        together: list[dict[int, int]] = [{} for _ in range(items)]
        for (i, j, _), value in zip(self.pairs, values[items:], strict=True):
            together[i][j] = together[j][i] = value
        return values[:items], together, unit

    @cached_property
    def packing(self) -> Packing:
        """The knapsack without pairs, where each item is worth its profit and half of what it could be worth with others.

        No packing is worth more here than there, since a pair that is taken gives both its items half; profits are doubled to
        stay integers.
        """
        profits, together, unit = self.worth
        weights, weight_unit = integers([*self.weights, self.capacity])
        doubled = [2 * profit + sum(row.values()) for profit, row in zip(profits, together, strict=True)]
        return Packing(doubled, weights[:-1], weights[-1], 2 * unit, weight_unit)
