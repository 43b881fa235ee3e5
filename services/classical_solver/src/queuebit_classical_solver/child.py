"""What runs in a worker process: one task, then its outcome. Only here is OR-Tools loaded."""

from __future__ import annotations

from queuebit_classical_solver.cp_sat import CpSatSolver
from queuebit_classical_solver.ladder import Ladder
from queuebit_classical_solver.ports import OnProgress, Stop
from queuebit_classical_solver.task import Outcome, Task, perform

FUNCTION = "queuebit_classical_solver.child:solve"
"""The name under which a pool finds it."""


def solve(task: Task, on_progress: OnProgress, stop: Stop) -> Outcome:
    """Do the task with the whole ladder."""
    return perform(task, Ladder(CpSatSolver()), parsed=None, on_progress=on_progress, stop=stop)
