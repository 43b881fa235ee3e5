"""Many assignment problems of one size at once: the least cost of each, proved by prices, in exact integers.

Shortest augmenting paths (Jonker, Volgenant), one step of every problem at a time. Imports numpy: imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
Spend = Callable[[float], None]
"""Told of units of work that were done; may raise to end the search."""

CHUNK_ENTRIES = 1 << 18
"""Costs that are looked at together: what a processor keeps near."""
FAR = 1 << 62
STEP_UNITS = 20_000.0
"""What a step of a chunk counts whatever its size; each entry that is looked at counts one on top."""
ENTRY_UNITS_EACH_STEP = 12.0


def reduced(costs: Costs, spend: Spend) -> Costs:
    """The least cost of each assignment problem (count, n, n); costs become reduced costs, not negative, in place.

    Costs are not negative and below 2**58 / n.
    """
    count, n, _ = costs.shape
    each = max(1, CHUNK_ENTRIES // (n * n))
    values = np.empty(count, dtype=np.int64)
    for first in range(0, count, each):
        values[first : first + each] = _chunk(costs[first : first + each], spend)
    return values


def _chunk(costs: Costs, spend: Spend) -> Costs:
    rows = costs.min(axis=2)
    costs -= rows[:, :, None]
    columns = costs.min(axis=1)
    costs -= columns[:, None, :]
    values: Costs = rows.sum(axis=1) + columns.sum(axis=1)
    column_of, row_of = _matched_zeros(costs)
    left = np.flatnonzero((column_of < 0).any(axis=1))
    units = STEP_UNITS + 8.0 * costs.size
    if len(left):
        paths = _Paths(costs[left], column_of[left], row_of[left], left)
        while len(paths.problem):
            units += STEP_UNITS + ENTRY_UNITS_EACH_STEP * paths.row_price.size
            for problem, row_price, column_price in paths.step():
                values[problem] += row_price.sum(axis=1) + column_price.sum(axis=1)
                costs[problem] -= row_price[:, :, None] + column_price[:, None, :]
    spend(units)
    return values


def _matched_zeros(costs: Costs) -> tuple[Places, Places]:
    """(column of each row, row of each column), -1 where none: row by row the first free column whose cost is 0."""
    count, n, _ = costs.shape
    column_of = np.full((count, n), -1, dtype=np.intp)
    row_of = np.full((count, n), -1, dtype=np.intp)
    zero = costs == 0
    for row in range(n):
        fits = zero[:, row] & (row_of < 0)
        column = fits.argmax(axis=1)
        at = np.flatnonzero(fits[np.arange(count), column])
        column_of[at, row] = column[at]
        row_of[at, column[at]] = row
    return column_of, row_of


class _Paths:
    """Problems with rows that have no column yet, each on its way from such a row (`root`) to a free column."""

    def __init__(self, costs: Costs, column_of: Places, row_of: Places, problem: Places) -> None:
        count, n, _ = costs.shape
        self.costs, self.column_of, self.row_of, self.problem = costs, column_of, row_of, problem
        self.row_price = np.zeros((count, n), dtype=np.int64)
        self.column_price = np.zeros((count, n), dtype=np.int64)
        self.least = np.empty((count, n), dtype=np.int64)
        self.via = np.zeros((count, n), dtype=np.intp)
        self.root = np.zeros(count, dtype=np.intp)
        self.row = np.zeros(count, dtype=np.intp)
        self.seen_rows = np.empty((count, n), dtype=np.bool_)
        self.seen_columns = np.empty((count, n), dtype=np.bool_)
        self._set_out(np.arange(count))

    def _set_out(self, at: Places) -> None:
        """Begin a path from the first row without a column."""
        root = (self.column_of[at] < 0).argmax(axis=1)
        self.root[at] = self.row[at] = root
        self.least[at] = FAR
        self.seen_rows[at] = self.seen_columns[at] = False
        self.seen_rows[at, root] = True

    def step(self) -> list[tuple[Places, Costs, Costs]]:
        """Each path looks from one more row; (problems that are done, their prices of rows and of columns), which leave."""
        every = np.arange(len(self.problem))
        here = self.costs[every, self.row] - self.row_price[every, self.row][:, None] - self.column_price
        nearer = (here < self.least) & ~self.seen_columns
        np.copyto(self.least, here, where=nearer)
        np.copyto(self.via, self.row[:, None], where=nearer)
        open_ = np.where(self.seen_columns, np.iinfo(np.int64).max, self.least)
        column = open_.argmin(axis=1)
        reach = open_[every, column][:, None]
        self.row_price += np.where(self.seen_rows, reach, 0)
        self.column_price -= np.where(self.seen_columns, reach, 0)
        self.least -= np.where(self.seen_columns, 0, reach)
        row = self.row_of[every, column]
        on = np.flatnonzero(row >= 0)
        self.seen_columns[on, column[on]] = True
        self.row[on] = row[on]
        self.seen_rows[on, row[on]] = True
        arrived = np.flatnonzero(row < 0)
        return self._arrived(arrived, column[arrived]) if len(arrived) else []

    def _arrived(self, at: Places, column: Places) -> list[tuple[Places, Costs, Costs]]:
        """Give the rows along each path their new columns, and set out again where rows are left."""
        moving = at
        while len(moving):
            row = self.via[moving, column]
            left_column = self.column_of[moving, row]
            self.column_of[moving, row] = column
            self.row_of[moving, column] = row
            further = row != self.root[moving]
            moving, column = moving[further], left_column[further]
        again = (self.column_of[at] < 0).any(axis=1)
        self._set_out(at[again])
        done = at[~again]
        if not len(done):
            return []
        found = (self.problem[done], self.row_price[done], self.column_price[done])
        keep = np.ones(len(self.problem), dtype=np.bool_)
        keep[done] = False
        self._keep(keep)
        return [found]

    def _keep(self, keep: Mask) -> None:
        for name, value in vars(self).items():
            kept: Any = value[keep]
            setattr(self, name, kept)
