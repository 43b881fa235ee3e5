"""What a knapsack with several capacities states."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_problems.checks import Place, raise_faults, table_faults
from queuebit_problems.kind import Statement
from queuebit_problems.kinds.packing.knapsack_search import Packing
from queuebit_problems.numeric import NonNegative, integers

ITEMS_MAX = 10_000
CAPACITIES_MAX = 500

Values = tuple[NonNegative, ...]


def _filled(values: Values) -> Values:
    if not values:
        raise_faults("multi_knapsack", [((), "length", "should have at least one value")])
    return values


def _row_each(weights: tuple[Values, ...], info: ValidationInfo) -> tuple[Values, ...]:
    if info.data.keys() >= {"capacities", "profits"}:
        raise_faults("multi_knapsack", _faults(weights, len(info.data["capacities"]), len(info.data["profits"])))
    return weights


def _faults(weights: tuple[Values, ...], rows: int, columns: int) -> Iterator[tuple[Place, str, str]]:
    yield from table_faults(weights, rows, columns, "weights")


class MultiKnapsackStatement(Statement):
    """Items with a profit each and, for each capacity, a weight. Numbers are taken as their decimals state them."""

    capacities: Annotated[
        Values,
        AfterValidator(_filled),
        Field(max_length=CAPACITIES_MAX, description="What may be used of each resource."),
    ]
    profits: Annotated[
        Values,
        AfterValidator(_filled),
        Field(max_length=ITEMS_MAX, description="What each item is worth; not negative."),
    ]
    weights: Annotated[
        tuple[Values, ...],
        AfterValidator(_row_each),
        Field(description="For each capacity a row: what each item uses of it; not negative."),
    ]

    @cached_property
    def rows(self) -> list[Packing]:
        """Each capacity as a knapsack of its own, in integers."""
        profits, unit = integers(self.profits)
        found = []
        for capacity, row in zip(self.capacities, self.weights, strict=True):
            values, weight_unit = integers([*row, capacity])
            found.append(Packing(profits, values[:-1], values[-1], unit, weight_unit))
        return found

    @cached_property
    def joined(self) -> Packing:
        """All capacities as one, each counted in shares of itself. An item that is too heavy for one of them is worth 0."""
        rows, shares = self.rows, [10**9 // max(1, row.capacity) or 1 for row in self.rows]
        alone = [all(row.weights[i] <= row.capacity for row in rows) for i in range(rows[0].items)]
        profits = [profit if fits else 0 for profit, fits in zip(rows[0].profits, alone, strict=True)]
        weights = [sum(s * row.weights[i] for s, row in zip(shares, rows, strict=True)) for i in range(len(profits))]
        capacity = sum(s * row.capacity for s, row in zip(shares, rows, strict=True))
        return Packing(profits, weights, capacity, rows[0].profit_unit)
