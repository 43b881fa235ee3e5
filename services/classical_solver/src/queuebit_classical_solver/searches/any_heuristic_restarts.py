"""The solver port over a kind's own heuristic, tried again with other seeds: where that beats general models."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from queuebit_classical_solver.declaration import Search
from queuebit_classical_solver.errors import NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

METHOD = "local search with restarts"
PATIENCE = 30
"""The search ends after this many tries without a better answer."""

CutOffBy = Literal["work", "time", "stop", "patience"]


@dataclass(frozen=True, slots=True)
class RestartSolver:
    """`restarts_per_s`: tries for each second of budget in a repeatable solve, fewer than a busy machine does."""

    restarts_per_s: float

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
        """See the port. A try is not interrupted: it is over in a second or two."""
        ends_s = time.perf_counter() + limits.left_s
        tries_max = int(limits.work_s * self.restarts_per_s)
        best, objective = hint, None if hint is None else kind.objective(statement, hint)
        tries = better_at = 0
        cut_off_by: CutOffBy | None = None
        while cut_off_by is None:
            if limits.repeatable and tries >= tries_max:
                cut_off_by = "work"
            elif tries - better_at >= PATIENCE:
                cut_off_by = "patience"
            elif stop():
                cut_off_by = "stop"
            elif time.perf_counter() >= ends_s:
                cut_off_by = "time"
            else:
                tries += 1
                answer = kind.heuristic(statement, limits.seed + tries)
                if answer is None or kind.violations(statement, answer):
                    continue
                value = kind.objective(statement, answer)
                if objective is None or kind.better(value, objective):
                    best, objective, better_at = answer, value, tries
                    on_progress(Progress(value, None, answer, METHOD))
        if best is None or objective is None:
            raise (
                Stopped if cut_off_by == "stop" else NothingFound("No try of the local search found a feasible answer.")
            )
        bound = kind.trivial_bound(statement)
        return Solution(
            answer=best,
            objective=objective,
            bound=bound,
            proven_optimal=objective == bound,
            method=METHOD,
            iterations=tries,
            worked=min(1.0, tries / tries_max) if limits.repeatable and tries_max else 1.0,
            details={"status": "FEASIBLE", "cut_off_by": cut_off_by},
        )


SEARCH = Search(METHOD, "queuebit-problems")
