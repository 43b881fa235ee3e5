"""The solver port over quadratic assignment: Taillard's robust tabu search over exchanges of two, all of them rated at once.

numpy keeps what every exchange would add to the cost; it is imported at the first solve. After a long while without a better
permutation a part of the best one is drawn anew. Steps are counted: time is the backstop.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.quadratic_assignment_branch_and_bound import BRANCHED_MAX
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

METHOD = "robust tabu search"
UNITS_PER_S = 500_000_000.0
"""A step counts STEP_UNITS, and EXCHANGE_UNITS for each entry of a matrix; an idle machine does half as many again."""
STEP_UNITS = 40_000.0
EXCHANGE_UNITS = 20.0
POLL_STEPS = 100
KICK_STEPS_EACH = 4
"""Steps for each pair without a better permutation before a part of it is drawn anew."""
LONG_AGO_EACH = 5
"""Steps for each pair after which a place that a facility never had is tried whatever it costs."""
STALE_STEPS_EACH = 2_000
"""Steps for each pair without a better permutation before the search ends."""
TOTAL_MAX = 2**61

Matrix = Any


@dataclass(frozen=True, slots=True)
class RobustTabuSolver:
    """Serves quadratic assignment."""

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
        """See the port. It proves nothing. Raises NothingFound where costs have too many digits."""
        scaled: Any = statement
        a, b, _ = scaled.scaled
        n = len(a)
        if 8 * n * n * max(map(max, a)) * max(map(max, b)) > TOTAL_MAX:
            raise NothingFound("The costs have more digits than the search takes.")
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint or kind.default_answer(statement), on_progress, METHOD)
        assert best.answer is not None
        rng = random.Random(limits.seed)
        search = _Tabu(a, b, list(best.answer["permutation"]), rng)
        cut_off_by: CutOffBy | None = "proof" if best.proved or n < 3 else None
        better_at = kicked_at = 0
        while cut_off_by is None:
            for _ in range(POLL_STEPS):
                search.step()
            if search.improved:
                search.improved = False
                better_at = kicked_at = search.steps
                best.offer({"permutation": list(search.best)})
            if search.steps - kicked_at >= max(300, KICK_STEPS_EACH * n * n):
                kicked_at = search.steps
                search.start(_kicked(search.best, rng))
            over = pace.spend(POLL_STEPS * (STEP_UNITS + EXCHANGE_UNITS * n * n))
            tired = search.steps - better_at >= max(20_000, STALE_STEPS_EACH * n * n)
            cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
        return best.solution(cut_off_by, search.steps, pace.worked)


def _kicked(p: list[int], rng: random.Random) -> list[int]:
    """The same with the places of a third to all of the facilities drawn anew."""
    found = list(p)
    moved = rng.sample(range(len(p)), rng.randint(max(2, len(p) // 3), len(p)))
    places = [found[i] for i in moved]
    rng.shuffle(places)
    for i, place in zip(moved, places, strict=True):
        found[i] = place
    return found


class _Tabu:
    """A permutation, and `change[i, j]`: what exchanging the places of i and j would add to its cost."""

    def __init__(self, a: list[list[int]], b: list[list[int]], p: list[int], rng: random.Random) -> None:
        import numpy as np

        self.np: Any = np
        self.a: Matrix = np.array(a, dtype=np.int64)
        self.distances: Matrix = np.array(b, dtype=np.int64)
        self.rng, self.n = rng, len(a)
        self.symmetric = bool((self.a == self.a.T).all() and (self.distances == self.distances.T).all())
        self.free_at: Matrix = -np.arange(self.n * self.n, dtype=np.int64).reshape(self.n, self.n)
        self.long_ago = LONG_AGO_EACH * self.n * self.n
        self.steps = 0
        self.best, self.lowest = list(p), 1 << 62
        self.improved = False
        self.start(p)

    def start(self, p: list[int]) -> None:
        """Go on from this permutation."""
        np = self.np
        self.p: Any = np.array(p)
        self.b: Matrix = self.distances[np.ix_(self.p, self.p)].copy()
        """Distances between the places of facilities."""
        self.cost = int((self.a * self.b).sum())
        self.change: Matrix = np.stack([self._row(r) for r in range(self.n)])
        self._note()

    def _note(self) -> None:
        if self.cost < self.lowest:
            self.lowest, self.best, self.improved = self.cost, self.p.tolist(), True

    def step(self) -> None:
        """The best exchange that was not undone lately; sooner one that leads to the best of all or to a place long not had."""
        np, n = self.np, self.n
        self.steps += 1
        free_at = self.free_at[:, self.p]
        long_ago = free_at < self.steps - self.long_ago
        sooner = (self.change < self.lowest - self.cost) | long_ago | long_ago.T
        np.fill_diagonal(sooner, False)
        if not sooner.any():
            barred = free_at > self.steps
            sooner = ~(barred & barred.T)
        rated = np.where(sooner, self.change, 1 << 62)
        at = int(rated.argmin())
        r, s = divmod(at, n)
        if r == s or rated[r, s] >= 1 << 61:
            return
        self.cost += int(self.change[r, s])
        reach = self.rng.random() ** 3
        self.free_at[r, self.p[r]] = self.steps + 2 + int(8 * n * reach)
        reach = self.rng.random() ** 3
        self.free_at[s, self.p[s]] = self.steps + 2 + int(8 * n * reach)
        self._exchange(r, s)
        self._note()

    def _exchange(self, r: int, s: int) -> None:
        """Taillard: what other exchanges add changes by a product of differences; those of r and s are rated anew."""
        a, b, change = self.a, self.b, self.change
        self.p[[r, s]] = self.p[[s, r]]
        b[[r, s]] = b[[s, r]]
        b[:, [r, s]] = b[:, [s, r]]
        flow, way = a[:, r] - a[:, s], b[:, s] - b[:, r]
        update = (flow[:, None] - flow) * (way[:, None] - way)
        if self.symmetric:
            change += 2 * update
        else:
            flow, way = a[r] - a[s], b[s] - b[r]
            change += update + (flow[:, None] - flow) * (way[:, None] - way)
        for i in (r, s):
            change[i] = change[:, i] = self._row(i)

    def _row(self, r: int) -> Matrix:
        """What exchanging r with each other one would add."""
        a, b = self.a, self.b
        ar, br = a[:, r], b[:, r]
        both = (ar[:, None] - a) * (b - br[:, None])
        found = both.sum(axis=0) - both[r] - both.diagonal()
        if self.symmetric:
            found *= 2
        else:
            both = (a[r] - a) * (b - b[r])
            found += both.sum(axis=1) - both[:, r] - both.diagonal()
        own, back = a.diagonal(), b.diagonal()
        found += (own[r] - own) * (back - back[r]) + (a[r] - ar) * (br - b[r])
        found[r] = 1 << 61
        return found


ASSIGNMENTS = frozenset({"quadratic_assignment"})
SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (
        Turn(RobustTabuSolver(), 0.3, 2, ASSIGNMENTS, variables_max=12),
        Turn(RobustTabuSolver(), 0.03, 1, ASSIGNMENTS, variables_min=13, variables_max=16),
        Turn(RobustTabuSolver(), 0.5, 1, ASSIGNMENTS, variables_min=17, variables_max=BRANCHED_MAX),
        Turn(RobustTabuSolver(), 0.85, 1, ASSIGNMENTS, variables_min=BRANCHED_MAX + 1),
    ),
)
"""What branch and bound may prove is left most of the budget."""
