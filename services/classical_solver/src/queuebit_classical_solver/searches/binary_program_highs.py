"""The solver port over HiGHS: branch and cut for binary programs, one thread, repeatable, in a process of its own.

HiGHS computes in floats to within tolerances. Whatever it answers is rounded to whole numbers and checked exactly; its bound
stands only where all that the tolerances could miss is less than half a unit of the objective, and it proves no infeasibility.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queuebit_classical_solver.cascade.pace import CutOffBy, Incumbent
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, OnProgress, Solution, Stop
from queuebit_classical_solver.searches.branch_and_cut.model import TOLERANCE, Model, model_of, proved
from queuebit_problems.kind import Answer, S
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.optimisation import Optimisation

METHOD = "branch and cut"
PROCESS = "queuebit_classical_solver.searches.branch_and_cut.highs"
ASKED_PER_S = 300.0
"""How often HiGHS asks in a second whether to go on, of a program of few terms; on a busy machine it asks more often."""
TERMS_EACH = 5_000
"""So many terms more make it ask once less for each of those."""
POLL_S = 0.05
READ_BYTES = 1 << 16
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
        run = _Run(program, names, best, stop, time.perf_counter() + limits.left_s + GRACE_S)
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


class _Run:
    """One process, from its start to its end."""

    def __init__(self, program: Program, names: Sequence[str], best: Incumbent, stop: Stop, ends_s: float) -> None:
        self._program, self._names, self._best = program, names, best
        self._stop, self._ends_s = stop, ends_s
        self.cut_off_by: CutOffBy | None = None

    def ended(self, told: dict[str, Any]) -> dict[str, Any]:
        """What the process said last; nothing where it was killed. Raises NothingFound where it failed."""
        process = subprocess.Popen(
            [sys.executable, "-m", PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            last = self._heard(process, json.dumps(told).encode())
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    pipe.close()
        if last is None and self.cut_off_by is None:
            raise NothingFound(f"HiGHS ended without an answer, with code {process.returncode}.")
        return last or {}

    def _heard(self, process: subprocess.Popen[bytes], told: bytes) -> dict[str, Any] | None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(told)
            process.stdin.close()
        except BrokenPipeError:
            return None
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if self._stop() or time.perf_counter() >= self._ends_s:
                    self.cut_off_by = "stop" if self._stop() else "time"
                    return None
                if not selector.select(POLL_S):
                    continue
                more = os.read(process.stdout.fileno(), READ_BYTES)
                if not more:
                    return None
                *lines, rest = (rest + more).split(b"\n")
                for line in lines:
                    said: dict[str, Any] = json.loads(line)
                    self._offer(said["values"])
                    if "status" in said:
                        return said

    def _offer(self, found: Sequence[float]) -> None:
        if len(found) < self._program.variables:
            return
        values = [
            min(max(round(value), low), high) for value, (low, high) in zip(found, self._program.ranges, strict=False)
        ]
        self._best.offer({"values": dict(zip(self._names, values, strict=True))})


SEARCH = Search(METHOD, "highspy", (Turn(HighsSolver(), 0.5, 2, frozenset({"binary_program"})),))
"""After a first try of CP-SAT, which has the rest: branch and cut closes what the linear relaxation is close to."""
