"""Packings that are kept to earlier ones, item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from queuebit_problems.keeping.labels import Labels
from queuebit_problems.kinds.packing.bin_packing_search import decreasing, first_fit
from queuebit_problems.kinds.packing.bin_packing_statement import BinPackingStatement
from queuebit_problems.numeric import cp_weights
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


class Packings(Labels[BinPackingStatement]):
    """The part of an item is its bin."""

    key = "bin"
    thing = "item"
    first = 0

    def count(self, statement: BinPackingStatement) -> int:
        return len(statement.sizes)

    def enough(self, statement: BinPackingStatement) -> int:
        sizes, capacity, _ = statement.scaled
        return len(first_fit(sizes, capacity, decreasing(sizes)))

    def together(self, statement: BinPackingStatement) -> Callable[[int, Iterable[int]], bool]:
        sizes, capacity, _ = statement.scaled
        return lambda item, others: sizes[item] + sum(sizes[other] for other in others) <= capacity

    def constrain(self, statement: BinPackingStatement, rows: Sequence[Sequence[Any]], model: cp_model.CpModel) -> bool:
        sizes, capacity, _ = statement.scaled
        weights, room, rounded = cp_weights(sizes, capacity)
        for column in zip(*rows, strict=True):
            model.add(sum(weight * bit for weight, bit in zip(weights, column, strict=True)) <= room)
        return not rounded

    def constrain_pins(
        self, statement: BinPackingStatement, label: int, bits: Mapping[int, int], found: NamedRows
    ) -> None:
        sizes, capacity, _ = statement.scaled
        found.add(f"capacity of bin {label}", [(bit, sizes[item]) for item, bit in bits.items()], upper=capacity)


PLANS = Packings()
