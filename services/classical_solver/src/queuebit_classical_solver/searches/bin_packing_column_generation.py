"""The solver port over patterns of a bin, for bin packing: column generation (Gilmore and Gomory), then dives.

The linear programme over patterns (how many items of each size one bin holds) bounds the number of bins very closely; rounding
and solving it again, pattern by pattern (diving), finds packings that meet it. Prices are rounded to integers, for which the
best pattern is found exactly by dynamic programming: the bound holds whatever the linear solver's floats are worth.
OR-Tools and numpy are imported at the first solve. The work is counted: time is the backstop.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.packing.bin_packing_search import Bins, decreasing, first_fit
from queuebit_problems.optimisation import Optimisation

METHOD = "column generation"
UNITS_PER_S = 120_000_000.0
"""A unit is about one number of a table looked at by numpy; an idle machine did three to five times as many."""
CAPACITY_MAX = 200_000
"""Above, the tables of the dynamic programme are too long."""
TABLES_MAX = 60_000_000
PRICE_UNITS = 10**6
TOLERANCE = 1e-6
DIVES_MAX = 200

Pattern = tuple[int, ...]
"""How many items of each size."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What is to be packed, by size: sizes from the largest, how many of each, and the items themselves."""

    sizes: list[int]
    demand: list[int]
    items: list[list[int]]
    capacity: int
    weightless: list[int]

    def bins(self, patterns: list[Pattern]) -> Bins:
        """The items by pattern; of one that holds more than there is, the rest stays empty."""
        waiting = [list(items) for items in self.items]
        found = [
            [rest.pop() for rest, k in zip(waiting, pattern, strict=True) for _ in range(min(k, len(rest)))]
            for pattern in patterns
        ]
        assert not any(waiting)
        kept = [members for members in found if members] or [[]]
        kept[0] += self.weightless
        return kept


def stock_of(sizes: list[int], capacity: int) -> Stock:
    """Sizes in units of their greatest common divisor, capacity rounded down."""
    unit = math.gcd(*sizes) or 1
    by_size: dict[int, list[int]] = {}
    for item in decreasing(sizes):
        by_size.setdefault(sizes[item] // unit, []).append(item)
    weightless = by_size.pop(0, [])
    return Stock(
        list(by_size), [len(items) for items in by_size.values()], list(by_size.values()), capacity // unit, weightless
    )


class ColumnGenerationSolver:
    """Serves bin packing."""

    def solve(
        self,
        kind: Optimisation[S],
        statement: S,
        *,
        limits: Limits,
        hint: Answer | None,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        """See the port. Raises NothingFound where capacities have too many digits for the tables."""
        scaled: Any = statement
        sizes, capacity, _ = scaled.scaled
        stock = stock_of(sizes, capacity)
        if not stock.sizes or stock.capacity > CAPACITY_MAX:
            raise NothingFound("The sizes have more digits than the tables of patterns take.")
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        master = _Master(stock, pace)
        start = first_fit(sizes, capacity, decreasing(sizes)) if hint is None else _members(hint["bin"])
        _offer(best, len(sizes), start)
        master.add_bins(start, {item: i for i, items in enumerate(stock.items) for item in items})
        over = master.generate(stock.demand, best)
        rng = random.Random(limits.seed)
        dives = 0
        while over is None and not best.proved and dives < DIVES_MAX:
            found, over = _dive(master, stock, rng if dives else None, int(best.objective or 0))
            dives += 1
            if found is not None:
                _offer(best, len(sizes), stock.bins(found))
        cut_off_by: CutOffBy = "proof" if best.proved else over or "patience"
        return best.solution(cut_off_by, master.solved, pace.worked, patterns=len(master.patterns), dives=dives)


def _members(bin_of: list[int]) -> Bins:
    groups: dict[int, list[int]] = {}
    for item, name in enumerate(bin_of):
        groups.setdefault(name, []).append(item)
    return list(groups.values())


def _offer(best: Incumbent, items: int, bins: Bins) -> None:
    answer = [0] * items
    for name, members in enumerate(bins):
        for item in members:
            answer[item] = name
    best.offer({"bin": answer})


class _Master:
    """The linear programme over the patterns that are known, and the search for better ones."""

    def __init__(self, stock: Stock, pace: Pace) -> None:
        from ortools.linear_solver import pywraplp

        self.stock, self.pace = stock, pace
        self.patterns: list[Pattern] = []
        self.solved = 0
        self._known = set[Pattern]()
        self._solver: Any = pywraplp.Solver.CreateSolver("GLOP")
        self._rows = [self._solver.Constraint(0, self._solver.infinity()) for _ in stock.sizes]
        self._solver.Objective().SetMinimization()
        self._columns: list[Any] = []
        for i in range(len(stock.sizes)):
            self.add(tuple(int(k == i) for k in range(len(stock.sizes))))

    def add(self, pattern: Pattern) -> None:
        """A pattern more; nothing where it is known."""
        if pattern in self._known:
            return
        self._known.add(pattern)
        column = self._solver.NumVar(0, self._solver.infinity(), "")
        self._solver.Objective().SetCoefficient(column, 1)
        for row, k in zip(self._rows, pattern, strict=True):
            if k:
                row.SetCoefficient(column, k)
        self.patterns.append(pattern)
        self._columns.append(column)

    def add_bins(self, bins: Bins, size_of: dict[int, int]) -> None:
        """The patterns of a packing."""
        for members in bins:
            counts = [0] * len(self.stock.sizes)
            for item in members:
                if item in size_of:
                    counts[size_of[item]] += 1
            self.add(tuple(counts))

    def generate(self, demand: list[int], best: Incumbent | None, rounds_max: int = 100_000) -> CutOffBy | None:
        """Add patterns while they lower the programme's value for this demand; with `best`, tell it of bounds."""
        for row, left in zip(self._rows, demand, strict=True):
            row.SetLb(left)
        for _ in range(rounds_max):
            self._solver.Solve()
            self.solved += 1
            prices = [max(0, round(row.dual_value() * PRICE_UNITS)) for row in self._rows]
            worth, pattern, looked_at = best_pattern(self.stock, demand, prices)
            over = self.pace.spend(looked_at + 300.0 * len(self._rows) + 30.0 * len(self.patterns))
            if best is not None and worth:
                best.lift(-(-sum(map(int.__mul__, prices, demand)) // worth))
            if over is not None or worth <= PRICE_UNITS * (1 + TOLERANCE) or pattern in self._known:
                return over
            if best is not None and best.proved:
                return None
            self.add(pattern)
        return None

    def values(self) -> list[float]:
        """How often each pattern is used in the programme's solution."""
        return [column.solution_value() for column in self._columns]


def best_pattern(stock: Stock, demand: list[int], prices: list[int]) -> tuple[int, Pattern, int]:
    """(worth, pattern, table entries looked at) of the pattern of the highest price, exactly: a bounded knapsack."""
    import numpy as np

    room = stock.capacity
    pieces = [
        (i, k)
        for i, price in enumerate(prices)
        if price and demand[i]
        for k in _doubling(min(demand[i], room // stock.sizes[i]))
    ]
    worth: Any = np.zeros(room + 1, dtype=np.int64)
    if len(pieces) * (room + 1) > TABLES_MAX:
        pieces = pieces[: TABLES_MAX // (room + 1)]
    taken = np.zeros((len(pieces), room + 1), dtype=bool)
    for place, (i, k) in enumerate(pieces):
        size = k * stock.sizes[i]
        if size > room:
            continue
        with_it = worth[:-size] + k * prices[i]
        better = with_it > worth[size:]
        taken[place, size:] = better
        worth[size:] = np.where(better, with_it, worth[size:])
    pattern, left = [0] * len(prices), room
    for place in range(len(pieces) - 1, -1, -1):
        if taken[place, left]:
            i, k = pieces[place]
            pattern[i] += k
            left -= k * stock.sizes[i]
    return int(worth[room]), tuple(pattern), len(pieces) * (room + 3_000)


def _doubling(count: int) -> list[int]:
    """Numbers whose sums are all of 0..count: powers of two and a rest."""
    found: list[int] = []
    while count > 0:
        found.append(min(1 << len(found), count))
        count -= found[-1]
    return found


def _dive(
    master: _Master, stock: Stock, rng: random.Random | None, bins_max: int
) -> tuple[list[Pattern] | None, CutOffBy | None]:
    """Fix what the programme uses whole, and one pattern more, until all is packed; None where that takes too many bins."""
    demand, fixed = list(stock.demand), list[Pattern]()
    over = master.generate(demand, None, 0 if rng is None else 20)
    while any(demand) and over is None:
        values = master.values()
        if len(fixed) + math.ceil(sum(values) - TOLERANCE) >= bins_max:
            return None, None
        ranked = sorted(range(len(values)), key=lambda j: -values[j])[:40]
        whole = [(j, math.floor(values[j] + TOLERANCE)) for j in ranked if values[j] >= 1 - TOLERANCE]
        if not whole or rng is not None:
            fractions = [(values[j] - math.floor(values[j]), j) for j in ranked if values[j] > TOLERANCE]
            top = sorted(fractions, reverse=True)[:4]
            whole.append((top[0][1] if rng is None or rng.random() < 0.6 else rng.choice(top)[1], 1))
        for j, times in whole:
            for _ in range(times):
                pattern = tuple(map(min, master.patterns[j], demand))
                if not any(pattern):
                    break
                pattern = _filled(stock, demand, pattern)
                fixed.append(pattern)
                demand = [left - k for left, k in zip(demand, pattern, strict=True)]
        over = master.generate(demand, None, 60)
    return (fixed if not any(demand) else None), over


def _filled(stock: Stock, demand: list[int], pattern: Pattern) -> Pattern:
    """The pattern with more of what is still to be packed, the largest first."""
    found = list(pattern)
    room = stock.capacity - sum(map(int.__mul__, stock.sizes, pattern))
    for i, size in enumerate(stock.sizes):
        more = min(demand[i] - found[i], room // size)
        found[i] += more
        room -= more * size
    return tuple(found)


SEARCH = Search(METHOD, "ortools", (Turn(ColumnGenerationSolver(), 0.9, 1, frozenset({"bin_packing"})),))
