"""What runs in a worker process: one task, then its outcome. Only there are solver packages loaded."""

from __future__ import annotations

from queuebit_classical_solver.cascade.ladder import Ladder
from queuebit_classical_solver.cascade.rungs import built_in_modules, rungs
from queuebit_classical_solver.cascade.stages import Stages
from queuebit_classical_solver.ports import OnProgress, never_stop
from queuebit_classical_solver.shell.task import Outcome, Task, perform

FUNCTION = "queuebit_classical_solver.shell.child:solve"
"""The name under which a pool finds it."""


def warm_imports() -> tuple[str, ...]:
    """What a process loads before its first task."""
    return ("queuebit_classical_solver.shell.child", *built_in_modules(), "ortools.sat.python.cp_model")


def solve(task: Task, on_progress: OnProgress) -> Outcome:
    """Do the task with the whole ladder. It is never asked to stop: the process is killed instead."""
    return perform(task, Ladder(Stages(rungs())), parsed=None, on_progress=on_progress, stop=never_stop)
