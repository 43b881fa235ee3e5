"""Find and end what a stack left running: after a crash of its starter, or for `queuebit down`."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from queuebit_devstack import kafka, postgres
from queuebit_devstack.errors import StateUnreadable
from queuebit_devstack.private import OPERATOR_FILE
from queuebit_devstack.processes import end_processes, find_marked, is_alive
from queuebit_devstack.state import ProcessRecord, StackState, StateFile

LOCK_TIMEOUT_S = 60.0
SERVICE_GRACE_S = 15.0


class Standing(Enum):
    """How a data folder is found."""

    EMPTY = "nothing runs"
    OWNED = "a living process runs a stack here"
    RUNNING = "a detached stack runs here, with all its servers"
    LEFTOVERS = "parts of a stack run here that nobody owns"


def is_server(record: ProcessRecord) -> bool:
    """Whether the process is the database or a broker, not one of our services."""
    return record.name == postgres.NAME or record.name.startswith("kafka-")


def judge(state: StackState | None, alive: Sequence[ProcessRecord], owner_alive: bool) -> Standing:
    """Decide what a data folder holds, from its state file and from which recorded processes live."""
    if state is None:
        return Standing.EMPTY
    if state.owner is not None and owner_alive:
        return Standing.OWNED
    if state.owner is None and all(each in alive for each in state.processes if is_server(each)):
        return Standing.RUNNING
    return Standing.LEFTOVERS


def look(file: StateFile) -> tuple[StackState | None, Standing]:
    """Read the state file and look at the processes. Raises `StateUnreadable`."""
    state = file.load()
    if state is None:
        return None, Standing.EMPTY
    alive = [each for each in state.processes if is_alive(each)]
    return state, judge(state, alive, state.owner is not None and is_alive(state.owner))


def end_all(data_dir: Path, records: Sequence[ProcessRecord], *, at_once: bool = False) -> int:
    """End the processes: services before whom they tell things beside, and before servers. Then whatever else carries the
    mark of `data_dir`. Blocks.

    Returns how many were alive. `at_once` is for data that is to be removed: no time goes into an orderly shutdown.
    """
    alive = [each for each in records if is_alive(each)]
    databases = [each for each in alive if each.name == postgres.NAME]
    brokers = [each for each in alive if is_server(each) and each not in databases]
    others = [each for each in alive if not is_server(each)]
    services = [each for each in others if each.marker.startswith("queuebit_")]
    for group in (services, [each for each in others if each not in services]):
        end_processes(group, ask=signal.SIGTERM, grace_s=1.0 if at_once else SERVICE_GRACE_S)
    end_processes(brokers, ask=signal.SIGKILL if at_once else kafka.STOP_SIGNAL, grace_s=kafka.STOP_GRACE_S)
    end_processes(databases, ask=signal.SIGQUIT if at_once else postgres.STOP_SIGNAL, grace_s=postgres.STOP_GRACE_S)
    unrecorded = find_marked(data_dir)
    end_processes(unrecorded, ask=signal.SIGTERM, grace_s=5.0)
    return len(alive) + len(unrecorded)


def end_stack(data_dir: Path, *, stack_id: str | None = None, remove: bool = False) -> int:
    """End the stack of `data_dir` and forget it; return how many processes were found alive. Blocks.

    With `stack_id`, only that stack while it is owned: one that was started since, or that was disowned, stays. With
    `remove`, the folder goes too. Processes are found even where somebody removed the folder under them.

    Raises `StackBusy` when another process is starting or stopping in the folder for too long.
    """
    if not data_dir.exists():
        return end_all(data_dir, (), at_once=True)
    file = StateFile(data_dir)
    if stack_id is not None and not file.path.exists():
        # Its starter has ended the stack already, and may hold the lock until we are gone.
        if remove:
            shutil.rmtree(data_dir, ignore_errors=True)
        return 0
    with file.locked(LOCK_TIMEOUT_S):
        try:
            state = file.load()
        except StateUnreadable:
            state = None
        if stack_id is not None and state is not None and (state.stack_id != stack_id or state.owner is None):
            return 0
        ended = end_all(data_dir, () if state is None else state.processes, at_once=remove)
        file.remove(None if state is None else state.stack_id)
        (data_dir / OPERATOR_FILE).unlink(missing_ok=True)
        if remove:
            shutil.rmtree(data_dir, ignore_errors=True)
        return ended
