"""The state file `stack.json`: which processes run in a data folder and where they listen.

It is written after every spawn, by atomic replacement, so that a crash at any moment leaves a file from which the
leftovers can be found. It holds the database's password and is readable by its owner only.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from queuebit_devstack.errors import StackBusy, StateUnreadable
from queuebit_devstack.locks import file_lock

STATE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process that we started, told apart from a stranger that got the same pid later.

    `started_at` is the start time that the operating system reports, in seconds since the epoch; `marker` is text that
    occurs in the command line.
    """

    name: str
    pid: int
    started_at: float
    marker: str
    port: int | None = None
    log: str | None = None


@dataclass(frozen=True, slots=True)
class StackState:
    """What `stack.json` says. `owner` is the process whose end ends the stack; none where it runs detached."""

    stack_id: str
    owner: ProcessRecord | None = None
    kafka: str | None = None
    postgres: str | None = None
    gateway: str | None = None
    processes: tuple[ProcessRecord, ...] = ()
    kafka_tls: bool = False

    def with_process(self, record: ProcessRecord) -> StackState:
        """The state with `record` in place of the process of the same name."""
        others = tuple(each for each in self.processes if each.name != record.name)
        return replace(self, processes=(*others, record))

    def process(self, name: str) -> ProcessRecord | None:
        """The process called `name`, if it was ever started."""
        return next((each for each in self.processes if each.name == name), None)


def dump_state(state: StackState) -> str:
    """Return the text of the state file."""
    return json.dumps({"format": STATE_FORMAT, **asdict(state)}, indent=2) + "\n"


def parse_state(text: str) -> StackState:
    """Read the text of a state file. Raises `StateUnreadable`."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.pop("format") != STATE_FORMAT:
            raise StateUnreadable(remedy="It was written by another version: run `queuebit down` of that version.")
        owner = data.pop("owner")
        processes = data.pop("processes")
        return StackState(
            owner=None if owner is None else ProcessRecord(**owner),
            processes=tuple(ProcessRecord(**each) for each in processes),
            **data,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateUnreadable(
            f"The state file of the stack cannot be read: {error!r}.", remedy="Clean up with `queuebit down`."
        ) from error


class StateFile:
    """The state file of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        """`data_dir` need not exist yet."""
        self.path = data_dir / "stack.json"
        self._lock_path = data_dir / "stack.lock"

    def load(self) -> StackState | None:
        """Return the state, or none where no stack was started. Raises `StateUnreadable`."""
        try:
            return parse_state(self.path.read_text())
        except FileNotFoundError:
            return None

    def save(self, state: StackState) -> None:
        """Replace the file as a whole."""
        fresh = self.path.with_name(f"stack.json.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(dump_state(state))
        fresh.replace(self.path)

    def remove(self, stack_id: str | None) -> None:
        """Forget the stack, or, with none, whatever unreadable thing is there. Another stack's file stays."""
        try:
            state = self.load()
        except StateUnreadable:
            state = None
        if state is None or state.stack_id == stack_id:
            self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self, timeout_s: float) -> Iterator[None]:
        """Hold the data folder for a start or a stop. Raises `StackBusy` when another process holds it too long."""
        try:
            with contextlib.ExitStack() as held:
                held.enter_context(file_lock(self._lock_path, timeout_s))
                held_all = held.pop_all()
        except TimeoutError as error:
            raise StackBusy(
                f"Another process is starting or stopping a stack in {self._lock_path.parent}.",
                remedy="Wait for it, or choose another folder with QUEUEBIT_DATA.",
            ) from error
        with held_all:
            yield
