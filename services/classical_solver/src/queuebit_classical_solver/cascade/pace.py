"""What ends a search of our own: counted work, time, a stop, or patience; and the solution that it then has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_classical_solver.cascade.bounds import contradicts
from queuebit_classical_solver.errors import NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop
from queuebit_contracts.jobs import Number
from queuebit_problems.kind import Answer, S, tighter
from queuebit_problems.optimisation import Optimisation

CutOffBy = Literal["work", "time", "stop", "patience", "proof"]


class Pace:
    """How much work was done and how much is left. `units_per_s`: units of work for each second of budget, fewer than a busy
    machine does, so that in a repeatable solve the work runs out before the time.
    """

    def __init__(self, limits: Limits, stop: Stop, *, units_per_s: float) -> None:
        self.units = 0.0
        self.units_max = limits.work_s * units_per_s
        self._counted = limits.repeatable
        self._ends_s = time.perf_counter() + limits.left_s
        self._stop = stop

    @property
    def worked(self) -> float:
        """The share of the work that was done; what is left may be given to others."""
        return min(1.0, self.units / self.units_max) if self._counted and self.units_max else 1.0

    def spend(self, units: float) -> CutOffBy | None:
        """Count work that was done. Why the search should end now; None where it may go on."""
        self.units += units
        if self._counted and self.units >= self.units_max:
            return "work"
        if self._stop():
            return "stop"
        return "time" if self._late() else None

    def over(self) -> bool:
        """Whether a stop came, or the time is over: for whoever is within a long round."""
        return self._stop() or self._late()

    def _late(self) -> bool:
        return time.perf_counter() >= self._ends_s


class Incumbent:
    """The best answer so far and the best bound. What is better is told."""

    def __init__(
        self, kind: Optimisation[S], statement: S, hint: Answer | None, on_progress: OnProgress, method: str
    ) -> None:
        self._kind, self._statement = kind, statement
        self._on_progress, self._method = on_progress, method
        self.answer = hint
        self.objective: Number | None = None if hint is None else kind.objective(statement, hint)
        self.bound: Number = kind.trivial_bound(statement)

    @property
    def proved(self) -> bool:
        """Whether the answer meets the bound."""
        return self.objective is not None and self.objective == self.bound

    def offer(self, answer: Answer) -> bool:
        """Keep a feasible answer that is better; whether it is."""
        value = self._kind.objective(self._statement, answer)
        if self.objective is not None and not self._kind.better(value, self.objective):
            return False
        if self._kind.violations(self._statement, answer):
            return False
        self.answer, self.objective = answer, value
        self._on_progress(Progress(value, self.bound, answer, self._method))
        return True

    def lift(self, bound: Number) -> None:
        """A bound was proved."""
        stronger = tighter(self.bound, bound, self._kind.sense)
        if stronger is None or stronger == self.bound:
            return
        if self.objective is not None and contradicts(stronger, self.objective, self._kind.sense):
            return
        self.bound = stronger
        self._on_progress(Progress(bound=stronger, method=self._method))

    def optimal(self) -> None:
        """The search went through everything: there is nothing better."""
        if self.objective is not None:
            self.lift(self.objective)

    def solution(self, cut_off_by: CutOffBy, iterations: int, worked: float, **details: Any) -> Solution:
        """What the search came to. Raises Stopped or NothingFound where it has no answer."""
        if self.answer is None or self.objective is None:
            raise Stopped if cut_off_by == "stop" else NothingFound("The search found no feasible answer.")
        return Solution(
            answer=self.answer,
            objective=self.objective,
            bound=self.bound,
            proven_optimal=self.proved,
            method=self._method,
            iterations=iterations,
            worked=worked,
            details={"status": "OPTIMAL" if self.proved else "FEASIBLE", "cut_off_by": cut_off_by, **details},
        )


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of a search did: work, and steps of which patience counts how many bring nothing better."""

    units: float
    steps: int
    better: bool = False


def until_over(best: Incumbent, pace: Pace, one_round: Callable[[], Round], *, patience: int) -> tuple[CutOffBy, int]:
    """Round after round, until the best is proved, work or time is over, a stop comes, or so many steps brought nothing better:
    what ended it, and how many steps there were.
    """
    steps = better_at = 0
    cut_off_by: CutOffBy | None = "proof" if best.proved else None
    while cut_off_by is None:
        done = one_round()
        steps += done.steps
        better_at = steps if done.better else better_at
        over = pace.spend(done.units)
        tired = steps - better_at >= patience
        cut_off_by = "proof" if best.proved else over or ("patience" if tired else None)
    return cut_off_by, steps
