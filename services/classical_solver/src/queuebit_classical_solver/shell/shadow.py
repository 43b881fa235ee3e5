"""An answer once more, from the recorded work order, for `queuebit ops replay shadow`: the same seed, a new search."""

from __future__ import annotations

from datetime import datetime

from queuebit_classical_solver.ports import ignore_progress
from queuebit_classical_solver.shell.child import solve
from queuebit_classical_solver.shell.executor import OUR_LANES, task_of
from queuebit_classical_solver.shell.outcome import told
from queuebit_contracts.alike import seed_that_ran
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.model import copy_with


def answer_again(
    order: JobQueued, recorded: ExecutionSucceeded, at: datetime
) -> ExecutionSucceeded | ExecutionFailed | None:
    """What this version answers within the budget of the order; None for an order of another lane."""
    if order.lane not in OUR_LANES:
        return None
    task = task_of(copy_with(order, seed=seed_that_ran(order, recorded)))
    outcome = solve(task, ignore_progress)
    return told(order, outcome, task.limits, started_at=recorded.started_at, finished_at=at, worker=recorded.worker)
