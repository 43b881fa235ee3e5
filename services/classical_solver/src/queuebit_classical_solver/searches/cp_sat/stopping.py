"""Telling CP-SAT to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from queuebit_classical_solver.ports import Stop

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

STOP_POLL_S = 0.02


@contextmanager
def stopping(solver: cp_model.CpSolver, stop: Stop) -> Iterator[threading.Event]:
    """While inside, a thread asks `stop` and tells the solver: CP-SAT itself only asks at a new solution.

    The event is set once it was told.
    """
    finished, stopped = threading.Event(), threading.Event()

    def watch() -> None:
        while not finished.wait(STOP_POLL_S):
            if stopped.is_set() or stop():
                stopped.set()
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="stop-watch", daemon=True)
    watcher.start()
    try:
        yield stopped
    finally:
        finished.set()
        watcher.join()
