"""The solver port over independent sets and cliques by local search with weights on conflicts (NuMVC: Cai, Su, Luo, Sattar).

A set one node too large has conflicts; a node of least weighted conflicts goes in for one that is in conflict, conflicts that
stay weigh more and more, and a node that left comes back only after something near it changed. Steps are counted: time is
the backstop. numpy is imported at the first solve.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.graphs.graph_statement import bits_of
from queuebit_problems.optimisation import Optimisation

METHOD = "local search with conflict weights"
UNITS_PER_S = 100_000_000.0
"""A step counts STEP_UNITS and a few for each node; an idle machine does up to twice as many."""
STEP_UNITS = 4_000.0
NODE_UNITS = 12.0
POLL_STEPS = 200
NODES_MAX = 3_000
"""Above, the table of weights takes too much memory."""
PATIENCE_STEPS = 300_000
WEIGHT_MEAN_MAX = 0.5
"""For each node: above, all weights are forgotten in part."""
KEPT = 0.3


@dataclass(frozen=True, slots=True)
class NumvcSolver:
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
        search = _Weighted(masks, [node - 1 for node in best.answer["nodes"]], random.Random(limits.seed))
        better_at = 0
        units = POLL_STEPS * (STEP_UNITS + NODE_UNITS * len(masks))
        while cut_off_by is None:
            for _ in range(POLL_STEPS):
                if not search.conflicts:
                    if best.offer({"nodes": sorted(node + 1 for node in search.members())}):
                        better_at = search.steps
                    if best.proved:
                        break
                    search.grow()
                search.step()
            over = pace.spend(units)
            tired = search.steps - better_at >= PATIENCE_STEPS
            cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
        return best.solution(cut_off_by, search.steps, pace.worked)


class _Weighted:
    """A set with conflicts. `pull[v]`: the weight of the conflicts between v and the set."""

    def __init__(self, masks: list[int], members: list[int], rng: random.Random) -> None:
        import numpy as np

        self.np: Any = np
        n = len(masks)
        self.rng = rng
        self.near: list[Any] = [np.fromiter(bits_of(mask), dtype=np.int64) for mask in masks]
        self.joined: Any = np.zeros((n, n), dtype=bool)
        for node, near in enumerate(self.near):
            self.joined[node, near] = True
        self.weight: Any = self.joined.astype(np.int32)
        self.outside: Any = np.ones(n, dtype=bool)
        self.outside[members] = False
        self.pull: Any = self.weight[members].sum(axis=0, dtype=np.int32)
        self.since: Any = np.zeros(n, dtype=np.int64)
        self.changed: Any = np.ones(n, dtype=bool)
        self.conflicts: list[tuple[int, int]] = []
        self.steps = 0
        self._edges = sum(len(near) for near in self.near) // 2
        self._total = self._edges
        self._nodes = n
        self._last = -1

    def members(self) -> list[int]:
        found: list[int] = self.np.flatnonzero(~self.outside).tolist()
        return found

    def grow(self) -> None:
        """Take the node of least weighted conflicts in."""
        if self.outside.any():
            self._take(self._lightest(-1))

    def step(self) -> None:
        """Exchange: a node comes in, a node of one of the conflicts goes."""
        self.steps += 1
        if not self.conflicts or not self.outside.any():
            return
        new = self._lightest(self._last)
        self._take(new)
        self.changed[new] = False
        one, other = self.conflicts[self.rng.randrange(len(self.conflicts))]
        self._drop(self._loser(one, other))
        for u, v in self.conflicts:
            self.weight[u, v] += 1
            self.weight[v, u] += 1
            self.pull[u] += 1
            self.pull[v] += 1
        self._total += len(self.conflicts)
        if self._total > WEIGHT_MEAN_MAX * self._nodes * self._edges:
            self._forget()

    def _lightest(self, barred: int) -> int:
        np = self.np
        pull = np.where(self.outside, self.pull, 1 << 30)
        if barred >= 0:
            pull[barred] = 1 << 29
        among = np.flatnonzero(pull == pull.min())
        return int(among[self.since[among].argmin()])

    def _loser(self, u: int, v: int) -> int:
        if not self.changed[u]:
            return v
        if not self.changed[v]:
            return u
        if self.pull[u] != self.pull[v]:
            return u if self.pull[u] > self.pull[v] else v
        return u if self.since[u] <= self.since[v] else v

    def _take(self, node: int) -> None:
        near = self.near[node]
        self.conflicts += [(node, other) for other in near[~self.outside[near]].tolist()]
        self.outside[node] = False
        self.pull += self.weight[node]
        self.since[node] = self.steps
        self.changed[near] = True

    def _drop(self, node: int) -> None:
        self.conflicts = [pair for pair in self.conflicts if node not in pair]
        self.outside[node] = True
        self.pull -= self.weight[node]
        self.since[node] = self.steps
        self.changed[self.near[node]] = True
        self._last = node

    def _forget(self) -> None:
        np = self.np
        self.weight = np.maximum((self.weight * KEPT).astype(np.int32), self.joined)
        self.pull = self.weight[~self.outside].sum(axis=0, dtype=np.int32)
        self._total = int(self.weight.sum()) // 2


NODE_SETS = frozenset({"max_clique", "max_independent_set"})
SEARCH = Search(METHOD, "queuebit-classical-solver", (Turn(NumvcSolver(), 0.5, 3, NODE_SETS, variables_max=NODES_MAX),))
