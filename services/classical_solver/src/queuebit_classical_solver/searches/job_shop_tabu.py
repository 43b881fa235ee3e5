"""The solver port over job shops: tabu search on the critical path (the neighbourhood N7), from schedules between two good ones
(path relinking: Peng, Lü and Cheng). numba makes its steps machine code. Steps are counted: time is the backstop.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import Incumbent, Pace, Round, until_over
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.scheduling.job_shop_search import Shop, dispatched
from queuebit_problems.optimisation import Optimisation

METHOD = "tabu search with path relinking"
UNITS_PER_S = 150_000_000.0
"""A step counts STEP_UNITS and one for each operation; an idle machine does twice as many."""
STEP_UNITS = 600.0
STEPS = 12_500
UNITS_EACH_MAX = 12_500_000.0
"""Of one tabu search."""
KEPT = 8
"""Schedules that are relinked."""
BETWEEN = (0.3, 0.7)
STALE_ROUNDS = 40
PATIENCE_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class JobShopTabuSolver:
    """Serves job shops."""

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
        """See the port. It proves nothing but what meets the bound that needs no search."""
        scaled: Any = statement
        shop: Shop = scaled.shop
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        if best.proved:
            return best.solution("proof", 0, pace.worked)
        known = list(scaled.quick) if hint is None else [time for times in hint["start"] for time in times]
        each = STEP_UNITS + len(shop.machine)
        steps = max(1, int(min(STEPS, UNITS_EACH_MAX / each)))
        search = _Relinked(shop, known, steps, limits.seed)

        def one_round() -> Round:
            found = search.step()
            return Round(steps * each, 1, best.offer({"start": [[found[o] for o in mine] for mine in shop.jobs]}))

        cut_off_by, rounds = until_over(best, pace, one_round, patience=PATIENCE_ROUNDS)
        return best.solution(cut_off_by, rounds * steps, pace.worked)


class _Relinked:
    """Schedules, each the best of a tabu search, from which others are made: what lies between two of them begins the next
    search, whose schedule takes the place of the longest. Where nothing shorter comes for long, all but the shortest are
    made anew.
    """

    def __init__(self, shop: Shop, known: list[int], steps: int, seed: int) -> None:
        from queuebit_classical_solver.searches.compiled import shop_tabu
        from queuebit_classical_solver.searches.compiled.compiler import lot

        self._code: Any = shop_tabu
        self._shop, self._steps = shop, steps
        self._given: Any = shop_tabu.shop_of(shop.jobs, shop.machines, shop.duration)
        self._lot, self._rng = lot(seed), random.Random(seed)
        self._tenure = 10 + len(shop.jobs) // len(shop.machines)
        self._place = {o: k for job in shop.jobs for k, o in enumerate(job)}
        self._first: list[int] | None = known
        self._pool: list[tuple[int, list[int]]] = []
        self._stale = 0

    def step(self) -> list[int]:
        """One tabu search; the starts of what it found."""
        if len(self._pool) < KEPT:
            found = self._searched(self._first or dispatched(self._shop, self._rng))
            self._first = None
            self._pool.append(found)
            return found[1]
        (_, one), (_, other) = self._rng.sample(self._pool, 2)
        share = self._rng.uniform(*BETWEEN)
        found = self._searched([a + share * (b - a) for a, b in zip(one, other, strict=True)])
        shortest = min(self._pool)[0]
        longest = max(range(KEPT), key=lambda place: self._pool[place][0])
        if found[0] <= self._pool[longest][0] and found not in self._pool:
            self._pool[longest] = found
        self._stale = 0 if found[0] < shortest else self._stale + 1
        if self._stale >= STALE_ROUNDS:
            self._pool, self._stale = [min(self._pool)], 0
        return found[1]

    def _searched(self, starts: list[Any]) -> tuple[int, list[int]]:
        """(makespan, starts) of the best that a tabu search from there finds. Operations in the order of starts that lie
        between those of two schedules keep to their jobs.
        """
        import numpy as np

        code, shop, n = self._code, self._shop, len(starts)
        order = sorted(range(n), key=lambda o: (starts[o], starts[o] + shop.duration[o], self._place[o]))
        best = np.empty(n, dtype=np.int64)
        now = code.order_of(self._given, shop.machines, order)
        makespan = code.tabu(self._given, now, self._steps, self._tenure, shop.bound, self._lot, best)
        return int(makespan), code.starts(self._given, code.order_of(self._given, shop.machines, best.tolist()))


SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (Turn(JobShopTabuSolver(), 0.6, 1, frozenset({"job_shop"}), variables_min=120),),
)
