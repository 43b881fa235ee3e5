"""The solver port over flow shops: iterated greedy (Ruiz and Stuetzle). Rounds are counted: time is the backstop."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import Incumbent, Pace, Round, until_over
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.scheduling.flow_shop_search import IteratedGreedy, neh
from queuebit_problems.optimisation import Optimisation

METHOD = "iterated greedy"
UNITS_PER_S = 5_000_000.0
"""Durations looked at; an idle machine does two to three times as many."""
PATIENCE_ROUNDS = 20_000


@dataclass(frozen=True, slots=True)
class IteratedGreedySolver:
    """Serves flow shops."""

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
        """See the port. It proves nothing that the trivial bound does not."""
        stated: Any = statement
        pace = Pace(limits, stop, units_per_s=UNITS_PER_S)
        start = hint or {"order": neh(stated.rows, pace.over)}
        best = Incumbent(kind, statement, start, on_progress, METHOD)
        assert best.answer is not None
        greedy = IteratedGreedy(stated.rows, best.answer["order"], random.Random(limits.seed))

        def one_round() -> Round:
            better = greedy.step(pace.over) and best.offer({"order": greedy.best})
            return Round(greedy.work_each, 1, better)

        cut_off_by, rounds = until_over(best, pace, one_round, patience=PATIENCE_ROUNDS)
        return best.solution(cut_off_by, rounds, pace.worked)


SEARCH = Search(METHOD, "queuebit-problems", (Turn(IteratedGreedySolver(), 0.6, 1, frozenset({"flow_shop"})),))
