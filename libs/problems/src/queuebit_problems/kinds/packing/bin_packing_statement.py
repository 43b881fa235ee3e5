"""What bin packing states: the sizes of items, and the capacity of a bin."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.encoding.set_partitioning import fitting_sets
from queuebit_problems.keeping.labels import THINGS_MAX
from queuebit_problems.keeping.statement import Choice, KeepingStatement, within
from queuebit_problems.kinds.packing.bin_packing_search import (
    lower_bound,
)
from queuebit_problems.numeric import NonNegative, integers

ITEMS_MAX = 5_000
QUBITS_MAX = 1_000


def _that_fit(sizes: tuple[NonNegative, ...], info: ValidationInfo) -> tuple[NonNegative, ...]:
    if "capacity" in info.data:
        raise_faults("bin_packing", _faults(sizes, info.data["capacity"]))
    return sizes


def _faults(sizes: tuple[NonNegative, ...], capacity: Number) -> Iterator[tuple[Place, str, str]]:
    if not sizes:
        yield (), "length", "should have at least one item"
    for place, size in enumerate(sizes):
        if size > capacity:
            yield (place,), "too_large", f"is larger than a bin, whose capacity is {capacity}: no packing exists"


class BinPackingStatement(KeepingStatement):
    """Items with a size each, in order, and the capacity of a bin. Numbers are taken as their decimals state them.

    A part of a plan is [item, bin], both from 0.
    """

    capacity: Annotated[NonNegative, Field(description="How much a bin holds.")]
    sizes: Annotated[
        tuple[NonNegative, ...],
        AfterValidator(_that_fit),
        Field(max_length=ITEMS_MAX, description="The size of each item; none is larger than a bin."),
    ]

    def keep_fault(self) -> str | None:
        many = len(self.sizes) > THINGS_MAX
        return f"should be left out: packings of more than {THINGS_MAX} items are not kept" if many else None

    def part_fault(self, part: Choice) -> str | None:
        every = range(len(self.sizes))
        return within(part, "item, bin", every, every)

    @cached_property
    def scaled(self) -> tuple[list[int], int, int]:
        """(sizes, capacity, denominator) as integers."""
        values, unit = integers([*self.sizes, self.capacity])
        return values[:-1], values[-1], unit

    @cached_property
    def bound(self) -> int:
        sizes, capacity, _ = self.scaled
        return lower_bound(sizes, capacity)

    @cached_property
    def patterns(self) -> list[tuple[int, ...]] | None:
        """Every set of items that fits one bin; None where there are more than QUBITS_MAX."""
        sizes, capacity, _ = self.scaled
        return fitting_sets(sizes, capacity, QUBITS_MAX)
