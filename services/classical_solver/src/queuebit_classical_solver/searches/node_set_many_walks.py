"""The solver port over independent sets and cliques by many local searches at once (dynamic local search: Pullan and Hoos).

Each walk takes what fits its set, else exchanges one node for another, and where it is stuck it goes on from elsewhere: half of
the walks put any node in and drop what conflicts with it; the others start again from one node, and shun for a while what they
stood at, so that sets which hide behind better-looking ones are found. numpy takes one step of all walks at a time; it is
imported at the first solve. Steps are counted: time is the backstop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.graphs.graph_statement import bits_of
from queuebit_problems.optimisation import Optimisation

METHOD = "many local searches"
UNITS_PER_S = 50_000_000.0
"""A step of all walks counts STEP_UNITS and one for each node of each walk; an idle machine does three times as many."""
STEP_UNITS = 6_000.0
POLL_STEPS = 50
NODES_MAX = 3_000
"""Above, the table of conflicts takes too much memory."""
WALKS_MAX = 64
CELLS = 60_000
"""Walks times nodes, as far as there is a choice."""
PATIENCE_STEPS = 60_000

IN, USED = 1 << 13, 1 << 14
"""Beside the number of conflicts: the node is in the set; it was in since the walk was stuck."""
EXCHANGED, BARRED = 1 << 13, 2 << 13
"""From here on a rating means that a node comes in for another one; that it may not come in."""
NOISE = 8
PENALTY_MAX = 8_000
PENALISED_SHARE = 0.75
"""So many nodes a walk shuns at a time."""


@dataclass(frozen=True, slots=True)
class ManyWalksSolver:
    """Serves sets of nodes, cliques and independent sets, up to NODES_MAX nodes."""

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
        sets: Any = kind
        masks: list[int] = sets.conflicts(statement)
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint or kind.default_answer(statement), on_progress, METHOD)
        assert best.answer is not None
        cut_off_by: CutOffBy | None = "proof" if best.proved or not any(masks) else None
        if cut_off_by is not None:
            return best.solution(cut_off_by, 0, pace.worked)
        walks = _Walks(masks, limits.seed)
        known, better_at = len(best.answer["nodes"]), 0
        units = POLL_STEPS * (STEP_UNITS + walks.cells)
        while cut_off_by is None:
            for _ in range(POLL_STEPS):
                walks.step()
                if walks.largest > known:
                    known, better_at = walks.largest, walks.steps
                    best.offer({"nodes": [node + 1 for node in walks.found()]})
                    if best.proved:
                        break
            over = pace.spend(units)
            tired = walks.steps - better_at >= PATIENCE_STEPS
            cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
        return best.solution(cut_off_by, walks.steps * walks.count, pace.worked, walks=walks.count)


class _Walks:
    """A row a walk, a column a node. `state` counts the conflicts of a node with the set, with its marks."""

    def __init__(self, masks: list[int], seed: int) -> None:
        import numpy as np

        self.np: Any = np
        n = len(masks)
        self.count = count = max(8, min(WALKS_MAX, CELLS // n))
        self.cells = n * count
        self.steps = 0
        self.conflicts: Any = np.zeros((n, n), dtype=np.int16)
        for node, mask in enumerate(masks):
            self.conflicts[node, list(bits_of(mask))] = 1
        self.rng: Any = np.random.default_rng(seed)
        self.noise: Any = self.rng.integers(0, NOISE, size=self.cells + 4096, dtype=np.int16)
        self.rows: Any = np.arange(count)
        self.shuns: Any = self.rows % 2 == 1
        self.last: Any = self.rng.integers(0, n, count)
        self.state: Any = np.zeros((count, n), dtype=np.int16)
        self.inside: Any = np.zeros((count, n), dtype=bool)
        self.penalty: Any = np.zeros((count, n), dtype=np.int16)
        self.rating: Any = np.empty((count, n), dtype=np.int16)
        self.size: Any = np.zeros(count, dtype=np.int64)
        self.exchanges: Any = np.zeros(count, dtype=np.int64)
        self.delay: Any = np.full(count, 2)
        self.waited: Any = np.zeros(count, dtype=np.int64)
        self._start_from(self.rows, self.last)

    @property
    def largest(self) -> int:
        """How many nodes the largest set of this moment has."""
        return int(self.size.max())

    def found(self) -> list[int]:
        """The nodes of the largest set of this moment."""
        nodes: list[int] = self.np.flatnonzero(self.inside[int(self.size.argmax())]).tolist()
        return nodes

    def step(self) -> None:
        """One step of every walk."""
        np = self.np
        self.steps += 1
        node, rated = self._lightest()
        stuck = (rated >= BARRED) | ((rated >= EXCHANGED) & (self.exchanges >= self.size))
        going = np.flatnonzero(~stuck)
        if len(going):
            exchanged = rated[going] >= EXCHANGED
            self._drop_one(going[exchanged], node[going[exchanged]])
            self._take(going, node[going])
            grown = going[~exchanged]
            self.size[grown] += 1
            self.exchanges[grown] = 0
            self.last[going] = node[going]
        self._move_on(np.flatnonzero(stuck))

    def _lightest(self) -> tuple[Any, Any]:
        """For each walk, of the nodes that fit one of least penalty, else of those that conflict with one; and its rating."""
        np, rating = self.np, self.rating
        np.minimum(self.state, 2, out=rating)
        np.left_shift(rating, 13, out=rating)
        rating += self.penalty
        at = int(self.rng.integers(0, 4096))
        rating += self.noise[at : at + self.cells].reshape(rating.shape)
        node = rating.argmin(1)
        return node, rating[self.rows, node]

    def _take(self, walks: Any, nodes: Any) -> None:
        self.state[walks] += self.conflicts[nodes]
        self.state[walks, nodes] += IN | USED
        self.inside[walks, nodes] = True

    def _drop(self, walks: Any, nodes: Any) -> None:
        self.state[walks] -= self.conflicts[nodes]
        self.state[walks, nodes] -= IN
        self.inside[walks, nodes] = False

    def _drop_one(self, walks: Any, nodes: Any) -> None:
        """Drop the one node of each set that conflicts with a node which comes in."""
        if len(walks):
            self._drop(walks, (self.inside[walks] & (self.conflicts[nodes] != 0)).argmax(1))
            self.exchanges[walks] += 1

    def _move_on(self, stuck: Any) -> None:
        """Walks that are stuck go on from elsewhere."""
        shunning = stuck[self.shuns[stuck]]
        if len(shunning):
            self._penalise(shunning)
            self._start_from(shunning, self.last[shunning])
        others = stuck[~self.shuns[stuck]]
        if len(others):
            self._push_in(others)

    def _start_from(self, walks: Any, nodes: Any) -> None:
        self.state[walks] = self.conflicts[nodes]
        self.state[walks, nodes] += IN
        self.inside[walks] = False
        self.inside[walks, nodes] = True
        self.size[walks] = 1
        self.exchanges[walks] = 0

    def _push_in(self, walks: Any) -> None:
        """Any node outside goes in, what conflicts with it goes out."""
        np = self.np
        draws = self.rng.integers(0, 4096, (len(walks), self.state.shape[1]), dtype=np.int16)
        draws[self.inside[walks]] = 1 << 14
        nodes = draws.argmin(1)
        dropped = self.inside[walks] & (self.conflicts[nodes] != 0)
        while len(some := np.flatnonzero(dropped.any(1))):
            gone = dropped[some].argmax(1)
            self._drop(walks[some], gone)
            dropped[some, gone] = False
            self.size[walks[some]] -= 1
        outside = ~self.inside[walks, nodes]
        self.state[walks] &= ~USED
        self._take(walks[outside], nodes[outside])
        self.size[walks[outside]] += 1
        self.exchanges[walks] = 0
        self.last[walks] = nodes

    def _penalise(self, walks: Any) -> None:
        """Where a walk stands is penalised, and every so often all penalties of a walk are eased: the more of its nodes are
        penalised, the more often.
        """
        np = self.np
        penalty = self.penalty[walks] + self.inside[walks] * np.int16(NOISE)
        self.waited[walks] += 1
        eased = self.waited[walks] >= self.delay[walks]
        penalty[eased] = np.maximum(penalty[eased] - NOISE, 0)
        few = (penalty[eased] > 0).mean(1) < PENALISED_SHARE
        self.delay[walks[eased]] = np.maximum(1, self.delay[walks[eased]] + np.where(few, 1, -1))
        self.waited[walks[eased]] = 0
        self.penalty[walks] = np.minimum(penalty, PENALTY_MAX)


NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(
    METHOD, "queuebit-classical-solver", (Turn(ManyWalksSolver(), 0.6, 2, NODE_SETS, variables_max=NODES_MAX),)
)
