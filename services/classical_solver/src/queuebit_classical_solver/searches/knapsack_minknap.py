"""The solver port over the 0/1 knapsack by dynamic programming around the break item (Pisinger's minknap): it proves.

States are pairs (weight, profit) that differ from the packing of the densest items; items enter alternately on either side of
the break, and a state goes once another is lighter and worth more, or once its linear bound does not beat the best. numpy is
imported at the first solve. States are counted: time is the backstop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.packing.knapsack_search import Packing
from queuebit_problems.optimisation import Optimisation

METHOD = "dynamic programming on the core"
UNITS_PER_S = 8_000_000.0
"""A unit is a state that an item makes; an idle machine makes two to four times as many."""
ITEM_UNITS = 300.0
STATES_MAX = 2_000_000
HISTORY_MAX = 60_000_000
"""How many states may be kept in all, to tell what led to the best."""
PRODUCT_MAX = 2**61
"""What all profits or weights together may come to, times the largest of the other: products must fit 64 bits."""


@dataclass(frozen=True, slots=True)
class MinknapSolver:
    """Serves the 0/1 knapsack."""

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
        """See the port. Raises NothingFound where numbers have too many digits."""
        scaled: Any = statement
        packing: Packing = scaled.packing
        profit, weight = sum(packing.profits), packing.capacity + sum(packing.weights)
        if max(profit * max(packing.weights), weight * max(packing.profits)) > PRODUCT_MAX:
            raise NothingFound("The profits or weights have more digits than the tables take.")
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        items = [i for i in packing.by_density if packing.weights[i] <= packing.capacity]
        search = _Core(packing, items, pace)
        if hint is not None:
            search.lowest = max(search.lowest, packing.profit(hint["take"]))
        over = None if best.proved else search.run()
        best.offer({"take": search.taken()})
        if over is None:
            best.optimal()
        return best.solution(over or "proof", search.entered, pace.worked, states_max=search.states_most)


class _Core:
    """States around the break. `weight` is what is taken beyond the capacity (negative: room), `profit` what it is worth."""

    def __init__(self, packing: Packing, items: list[int], pace: Pace) -> None:
        import numpy as np

        self.np: Any = np
        self.packing, self.items, self.pace = packing, items, pace
        self.p = [packing.profits[i] for i in items]
        self.w = [packing.weights[i] for i in items]
        room, at = packing.capacity, 0
        while at < len(items) and self.w[at] <= room:
            room -= self.w[at]
            at += 1
        self.first = self.after = at
        """The items from `first` to before `after` have entered."""
        self.profit: Any = np.array([sum(self.p[:at])], dtype=np.int64)
        self.weight: Any = np.array([-room], dtype=np.int64)
        self.lowest = int(self.profit[0])
        self.entered, self.states_most = 0, 1
        self._break = at
        self._history: list[tuple[int, Any]] = []
        self._kept = 0
        self._best_at = (0, 0)

    def run(self) -> CutOffBy | None:
        """Let items enter until no state can beat the best; why it ended before that, else None."""
        n = len(self.items)
        while len(self.weight) and (self.first > 0 or self.after < n):
            if self.after < n:
                self._enter(self.after, out=False)
                self.after += 1
                self._prune()
            if self.first > 0 and len(self.weight):
                self.first -= 1
                self._enter(self.first, out=True)
                self._prune()
            over = self.pace.spend(ITEM_UNITS + 2.0 * len(self.weight))
            if over is None and (len(self.weight) > STATES_MAX or self._kept > HISTORY_MAX):
                over = "work"
            if over is not None and len(self.weight):
                return over
        return None

    def _enter(self, item: int, *, out: bool) -> None:
        """Each state with the item as it is and the other way; of two states the heavier must be worth more."""
        np, sign = self.np, -1 if out else 1
        n = len(self.weight)
        weight = np.concatenate([self.weight, self.weight + sign * self.w[item]])
        profit = np.concatenate([self.profit, self.profit + sign * self.p[item]])
        order = np.lexsort((-profit, weight))
        weight, profit = weight[order], profit[order]
        most = np.maximum.accumulate(profit)
        keep = np.ones(2 * n, dtype=bool)
        keep[1:] = profit[1:] > most[:-1]
        self.weight, self.profit, self._from = weight[keep], profit[keep], order[keep]
        self.entered += 1
        self._item = item
        self._n = n

    def _prune(self) -> None:
        """Note the best packing that fits; drop what cannot beat it, by the density of the items that may still enter."""
        np, items = self.np, len(self.items)
        fits = int(np.searchsorted(self.weight, 0, side="right")) - 1
        better = fits >= 0 and int(self.profit[fits]) > self.lowest
        if better:
            self.lowest = int(self.profit[fits])
        need = self.lowest + 1 - self.profit
        # A state with room r gains at most r * p / w of the next item that may come in; one that is over by r loses at least
        # r * p / w of the next item that may go out. Comparing whole numbers: need * w <= r * p.
        room = -self.weight
        alive = np.zeros(len(need), dtype=bool)
        light, heavy = room >= 0, room < 0
        if self.after < items:
            p, w = self.p[self.after], self.w[self.after]
            alive[light] = need[light] * w <= room[light] * p
        if self.first > 0:
            p, w = self.p[self.first - 1], self.w[self.first - 1]
            alive[heavy] = need[heavy] * w <= room[heavy] * p
        if better:
            alive[fits] = True
        self._history.append((self._item, (self._from[alive].astype(np.int32), self._n)))
        if better:
            self._best_at = (len(self._history), int(np.count_nonzero(alive[:fits])))
        self._kept += int(alive.sum())
        self.weight, self.profit = self.weight[alive], self.profit[alive]
        self.states_most = max(self.states_most, len(self.weight))

    def taken(self) -> list[int]:
        """The best packing that the states found."""
        length, place = self._best_at
        take = [0] * len(self.packing.profits)
        for item in self.items[: self._break]:
            take[item] = 1
        for item, (origins, n) in reversed(self._history[:length]):
            origin = int(origins[place])
            if origin >= n:
                take[self.items[item]] ^= 1
            place = origin % n
        return take


SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(MinknapSolver(), 0.7, 1, frozenset({"knapsack"})),))
