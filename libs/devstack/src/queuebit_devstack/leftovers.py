"""Find and end what a stack left running: after a crash of its starter, or for `queuebit down`."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from queuebit_devstack import kafka, postgres
from queuebit_devstack.errors import StateUnreadable
from queuebit_devstack.processes import end_processes, find_marked, is_alive
from queuebit_devstack.state import ProcessRecord, StackState, StateFile

GUARD = "guard"
LOCK_TIMEOUT_S = 60.0
SERVICE_GRACE_S = 15.0


class Standing(Enum):
    """How a data folder is found."""

    EMPTY = "nothing runs"
    OWNED = "a living process runs a stack here"
    RUNNING = "a detached stack runs here, complete"
    LEFTOVERS = "parts of a stack run here that nobody owns"


def judge(state: StackState | None, alive: Sequence[ProcessRecord], owner_alive: bool) -> Standing:
    """Decide what a data folder holds, from its state file and from which recorded processes live."""
    if state is None:
        return Standing.EMPTY
    if state.owner is not None and owner_alive:
        return Standing.OWNED
    if state.owner is None and state.processes and len(alive) == len(state.processes):
        return Standing.RUNNING
    return Standing.LEFTOVERS


def look(file: StateFile) -> tuple[StackState | None, Standing]:
    """Read the state file and look at the processes. Raises `StateUnreadable`."""
    state = file.load()
    if state is None:
        return None, Standing.EMPTY
    alive = [each for each in state.processes if is_alive(each)]
    return state, judge(state, alive, state.owner is not None and is_alive(state.owner))


def end_all(data_dir: Path, records: Sequence[ProcessRecord], *, at_once: bool = False) -> None:
    """End the processes, services before servers, then whatever else carries the mark of `data_dir`. Blocks.

    `at_once` is for data that is to be removed: no time is spent on an orderly shutdown.
    """
    brokers = [each for each in records if each.name.startswith("kafka-")]
    databases = [each for each in records if each.name == postgres.NAME]
    services = [each for each in records if each not in brokers and each not in databases]
    end_processes(services, ask=signal.SIGTERM, grace_s=1.0 if at_once else SERVICE_GRACE_S)
    end_processes(brokers, ask=signal.SIGKILL if at_once else kafka.STOP_SIGNAL, grace_s=kafka.STOP_GRACE_S)
    end_processes(databases, ask=signal.SIGQUIT if at_once else postgres.STOP_SIGNAL, grace_s=postgres.STOP_GRACE_S)
    end_processes(find_marked(data_dir), ask=signal.SIGTERM, grace_s=5.0)


def end_stack(data_dir: Path, *, stack_id: str | None = None, remove: bool = False) -> int:
    """End the stack of `data_dir` and forget it; return how many processes were found alive. Blocks.

    With `stack_id`, only that stack: another one that was started since stays. With `remove`, the folder goes too.
    Raises `StackBusy` when the folder is being started or stopped by another process for too long.
    """
    file = StateFile(data_dir)
    if not data_dir.exists():
        return 0
    with file.locked(LOCK_TIMEOUT_S):
        try:
            state = file.load()
        except StateUnreadable:
            state = None
        if stack_id is not None and state is not None and state.stack_id != stack_id:
            return 0
        records = [] if state is None else [each for each in state.processes if is_alive(each)]
        end_all(data_dir, [each for each in records if each.name != GUARD], at_once=remove)
        file.remove()
        if remove:
            shutil.rmtree(data_dir, ignore_errors=True)
        return len(records)
