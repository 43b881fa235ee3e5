"""The solver port over job shops: tabu search on the critical path, again and again from the best schedule after some random
exchanges (iterated tabu search; the neighbourhood is Nowicki and Smutnicki's). Steps are counted: time is the backstop.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent, Pace
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.scheduling.job_shop_search import Shop, dispatched
from queuebit_problems.kinds.scheduling.job_shop_tabu_search import WORK_MAX, tabu
from queuebit_problems.optimisation import Optimisation

METHOD = "iterated tabu search"
UNITS_PER_S = 4_000_000.0
"""A unit is an operation looked at: every step looks at all and STEP_UNITS more. An idle machine does half as many
again."""
STEP_UNITS = 100.0
STEPS = 1_200
KICKS = (5, 15)
STARTS = 3
PATIENCE_ROUNDS = 150


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
        rng = random.Random(limits.seed)
        now = list(scaled.quick) if hint is None else [time for times in hint["start"] for time in times]
        steps = max(1, min(STEPS, WORK_MAX // len(shop.machine)))
        rounds = better_at = 0
        cut_off_by: CutOffBy | None = "proof" if best.proved else None
        while cut_off_by is None:
            rounds += 1
            if rounds <= STARTS:
                found = tabu(shop, dispatched(shop, rng), rng, steps_max=steps)
            else:
                found = tabu(shop, now, rng, steps_max=steps, kicks=rng.randint(*KICKS))
            if shop.makespan(found) <= shop.makespan(now):
                now = found
                if best.offer({"start": [[found[o] for o in mine] for mine in shop.jobs]}):
                    better_at = rounds
            over = pace.spend(steps * (len(shop.machine) + STEP_UNITS))
            tired = rounds - better_at >= PATIENCE_ROUNDS
            cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
        return best.solution(cut_off_by, rounds * steps, pace.worked)


SEARCH = Search(
    METHOD,
    "queuebit-classical-solver",
    (Turn(JobShopTabuSolver(), 0.45, 1, frozenset({"job_shop"}), variables_min=120),),
)
