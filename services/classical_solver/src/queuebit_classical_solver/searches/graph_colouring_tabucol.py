"""The solver port over graph colouring: tabu search for one colour fewer (TabuCol: Hertz and de Werra), again and again.

numpy rates all moves of nodes in conflict at once; it is imported at the first solve. Steps are counted: time is the backstop.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import Incumbent, Pace, Round, until_over
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.graphs.colouring_search import dsatur
from queuebit_problems.kinds.graphs.graph_statement import bits_of
from queuebit_problems.optimisation import Optimisation

METHOD = "tabu search on colours"
UNITS_PER_S = 300_000_000.0
"""A step counts STEP_UNITS and CELL_UNITS for each colour of each node in conflict; an idle machine does somewhat more."""
STEP_UNITS = 9_000.0
CELL_UNITS = 5.0
POLL_STEPS = 200
CELLS_MAX = 20_000_000
"""Nodes times colours: above, the tables take too much memory."""
STALE_STEPS = 60_000
STALE_STEPS_EACH = 100
"""Steps without fewer conflicts before the search is started again, and more for each node."""
PATIENCE_STARTS = 12


@dataclass(frozen=True, slots=True)
class TabuColSolver:
    """Serves graph colouring."""

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
        """See the port. It proves nothing."""
        graph: Any = statement
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        known = hint or kind.default_answer(statement)
        start = dsatur(graph.masks) if known is None else known["colour"]
        best = Incumbent(kind, statement, known, on_progress, METHOD)
        if known is None and best.bound > graph.colours:
            raise NothingFound("A clique needs more colours than there are.")
        if graph.nodes * len(set(start)) > CELLS_MAX:
            raise NothingFound("The graph has more nodes and colours than the tables take.")
        search = _Fewer(_neighbours(graph.masks), start, best, random.Random(limits.seed))
        cut_off_by, _ = until_over(best, pace, search.one_round, patience=PATIENCE_STARTS)
        return best.solution(cut_off_by, search.steps, pace.worked)


class _Fewer:
    """Searches for a colouring with one colour fewer than the last: again once there is one, and where it goes stale. The first
    ones may have more colours than there are.
    """

    def __init__(self, near: list[Any], colour: list[int], best: Incumbent, rng: random.Random) -> None:
        self._near, self._colour, self._best, self._rng = near, colour, best, rng
        self._stale_steps = STALE_STEPS + STALE_STEPS_EACH * len(near)
        self.steps = 0
        self._starts = 0
        self._search: _TabuCol | None = None

    def one_round(self) -> Round:
        """A few steps; a start that went stale counts for the patience."""
        search = self._search or self._started()
        units = sum(search.step() for _ in range(POLL_STEPS) if search.conflicts)
        self.steps += POLL_STEPS
        found, stale = not search.conflicts, search.stale >= self._stale_steps
        if found:
            self._colour = search.colour.tolist()
            self._best.offer({"colour": self._colour})
            self._starts = 0
        self._search = None if found or stale else search
        return Round(units, int(stale and not found), found)

    def _started(self) -> _TabuCol:
        fresh = self._starts % 2 == 1
        self._starts += 1
        return _TabuCol(self._near, _merged(self._colour, self._rng, fresh=fresh), self._rng)


def _neighbours(masks: list[int]) -> list[Any]:
    import numpy as np

    return [np.fromiter(bits_of(mask), dtype=np.int64) for mask in masks]


def _merged(colour: list[int], rng: random.Random, *, fresh: bool) -> list[int]:
    """The same with one colour fewer: the nodes of a colour get others by lot; or, `fresh`, all nodes do."""
    names = {c: place for place, c in enumerate(sorted(set(colour)))}
    colours = len(names)
    out = rng.randrange(colours)
    found = [names[c] for c in colour]
    found = [rng.randrange(colours - 1) if fresh or c == out else c - (c > out) for c in found]
    found[rng.randrange(len(found))] = colours - 2
    return found


class _TabuCol:
    """A colouring with conflicts. `clash[v, c]`: how many neighbours of v have colour c."""

    def __init__(self, near: list[Any], colour: list[int], rng: random.Random) -> None:
        import numpy as np

        self.np: Any = np
        self.near, self.rng = near, rng
        self.colour: Any = np.array(colour, dtype=np.int64)
        self.colours = max(colour) + 1
        self.clash: Any = np.zeros((len(near), self.colours), dtype=np.int32)
        for node, others in enumerate(near):
            self.clash[others, colour[node]] += 1
        self.free_at: Any = np.zeros((len(near), self.colours), dtype=np.int64)
        self.nodes: Any = np.arange(len(near))
        self.conflicts = int(self.clash[self.nodes, self.colour].sum()) // 2
        self.lowest, self.steps, self.stale = self.conflicts, 0, 0

    def step(self) -> float:
        """The best move of a node in conflict to another colour, unless it was undone lately; its cost in units of work."""
        np = self.np
        self.steps += 1
        self.stale += 1
        nodes = np.flatnonzero(self.clash[self.nodes, self.colour])
        mine = self.colour[nodes]
        rows = self.clash[nodes]
        at = np.arange(len(nodes))
        change = rows - rows[at, mine][:, None]
        barred = (self.free_at[nodes] > self.steps) & (change + self.conflicts >= self.lowest)
        change[barred] = 1 << 28
        change[at, mine] = 1 << 29
        least = int(change.min())
        among = np.flatnonzero(change == least)
        place, c = divmod(int(among[self.rng.randrange(len(among))]), self.colours)
        if least < 1 << 28:
            self._move(int(nodes[place]), int(mine[place]), c)
            self.conflicts += least
            self.free_at[nodes[place], mine[place]] = self.steps + self.rng.randrange(10) + 1 + 6 * len(nodes) // 10
            if self.conflicts < self.lowest:
                self.lowest, self.stale = self.conflicts, 0
        return STEP_UNITS + CELL_UNITS * len(nodes) * self.colours

    def _move(self, node: int, old: int, new: int) -> None:
        near = self.near[node]
        self.clash[near, old] -= 1
        self.clash[near, new] += 1
        self.colour[node] = new


SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(TabuColSolver(), 0.8, 2, frozenset({"graph_colouring"})),))
