"""The solver port over HiGHS: branch and cut for binary programs, one thread, repeatable, in a process of its own.

HiGHS computes in floats to within tolerances. Whatever it answers is rounded to whole numbers and checked exactly; its bound
stands only where all that the tolerances could miss is less than half a unit of the objective, and it proves no infeasibility.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.branch_and_cut.model import TOLERANCE, Model, model_of, proved
from queuebit_classical_solver.searches.branch_and_cut.running import Run
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.optimisation import Optimisation

METHOD = "branch and cut"
ASKED_PER_S = 300.0
"""How often HiGHS asks in a second whether to go on, of a program of few terms; on a busy machine it asks more often."""
TERMS_EACH = 5_000
"""So many terms more make it ask once less for each of those."""
GRACE_S = 2.0
"""What the process may take to start and to end beside the search."""


@dataclass(frozen=True, slots=True)
class HighsSolver:
    """Serves binary programs whose objective is linear, or has products of Booleans alone."""

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
        """See the port."""
        stated: Any = statement
        program, names = stated.program, stated.names
        model = model_of(program)
        best = Incumbent(kind, statement, hint, on_progress, METHOD)
        if best.proved:
            return best.solution("proof", 0, 0.0)
        start = None if hint is None else model.extended([hint["values"][name] for name in names])
        asked_max = max(1, int(limits.work_s * ASKED_PER_S / (1 + program.terms / TERMS_EACH)))
        told = _told(program, model, limits, start, asked_max if limits.repeatable else 10**9)
        run = Run(_Offered(program, names, best), stop, time.perf_counter() + limits.left_s + GRACE_S)
        end = run.ended(told)
        bound = proved(program, model, end.get("bound"))
        if bound is not None:
            best.lift(bound)
        cut_off_by: CutOffBy = "proof" if best.proved else run.cut_off_by or end.get("over", "time")
        worked = min(1.0, end.get("asked", asked_max) / asked_max)
        return best.solution(
            cut_off_by,
            end.get("nodes", 0),
            worked if limits.repeatable else 1.0,
            highs_status=end.get("status", "ended"),
            tolerance=TOLERANCE,
        )


def _told(
    program: Program, model: Model, limits: Limits, start: Sequence[int] | None, asked_max: int
) -> dict[str, Any]:
    options = {
        "output_flag": False,
        "threads": 1,
        "random_seed": limits.seed % (2**31 - 1),
        "time_limit": max(0.05, limits.left_s),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": TOLERANCE,
    }
    return {
        "options": options,
        "most": program.most,
        "costs": model.costs,
        "offset": model.offset,
        "ranges": model.ranges,
        "rows": model.rows,
        "start": start,
        "asked_max": asked_max,
    }


@dataclass(frozen=True, slots=True)
class _Offered:
    """Takes what HiGHS found in floats: rounded into the ranges, and checked exactly."""

    program: Program
    names: Sequence[str]
    best: Incumbent

    def __call__(self, found: Sequence[float]) -> None:
        if len(found) < self.program.variables:
            return
        values = [
            min(max(round(value), low), high) for value, (low, high) in zip(found, self.program.ranges, strict=False)
        ]
        self.best.offer({"values": dict(zip(self.names, values, strict=True))})


SEARCH = Search(METHOD, "highspy", (Turn(HighsSolver(), 0.5, 2, frozenset({"binary_program"})),))
"""After a first try of CP-SAT, which has the rest: branch and cut closes what the linear relaxation is close to."""
