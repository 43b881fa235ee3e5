"""The supervisor that `queuebit up` leaves behind: what crashes is started again, and what keeps crashing is told.

Run as `python -m queuebit_devstack.keep DATA_DIR`. SIGTERM ends it with its services; SIGHUP makes it start again what it gave
up or what was stopped. Services that run already, of a supervisor that was killed, are taken over.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import assert_never

from queuebit_devstack.external import External
from queuebit_devstack.notes import Note, State, write_notes
from queuebit_devstack.private import write_private
from queuebit_devstack.processes import is_alive, tail
from queuebit_devstack.restarts import Again, GivenUp, Stopped, Waits, fate_of
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import StateFile
from queuebit_devstack.supervise import ServiceSpec, Supervisor
from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.service.service import EXIT_TAKEN
from queuebit_runtime.waiting import wait_event

NAME = "supervisor"
LOOK_INTERVAL_S = 0.25
POLITELY = {"QUEUEBIT_GROUP_INSTANCE_WAITS": "true"}
"""Who has the instance id of a service is at work: it is not put out by a start that nobody asked for."""

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps the services of one supervisor running."""

    def __init__(self, data_dir: Path, services: Supervisor, clock: Clock) -> None:
        self._data_dir = data_dir
        self._services = services
        self._clock = clock
        self._notes: dict[str, Note] = {}
        self._ends_s: dict[str, list[float]] = {}
        self._due_s: dict[str, float] = {}

    async def run(self, stop: asyncio.Event, *, still: Callable[[], bool] = lambda: True) -> None:
        """Look now and then, until `stop` is set or the stack is not `still` there."""
        for name in self._services.names:
            self._tell(name, Note("running", self._now()))
        while not stop.is_set() and still():
            self.look()
            await wait_event(stop, self._clock, LOOK_INTERVAL_S)

    def look(self) -> None:
        """Decide on what has ended since the last look, and start what is due."""
        now_s = self._clock.monotonic_s()
        for name in self._services.dead():
            if self._notes[name].state == "running":
                self._ended(name, now_s)
            elif now_s >= self._due_s.get(name, float("inf")):
                self._start(name)

    def again(self) -> None:
        """Start at once what does not run, whatever was said of it."""
        for name in self._services.dead():
            self._ends_s.pop(name, None)
            self._start(name)

    def _ended(self, name: str, now_s: float) -> None:
        code = self._services.exit_code(name)
        ends_s = self._ends_s.setdefault(name, [])
        fate = fate_of(code, ends_s, now_s)
        why = ""
        match fate:
            case Again(pause_s, looping):
                self._due_s[name] = now_s + pause_s
                state: State = "crash_loop" if looping else "waiting"
                ends_s.append(now_s)
            case Waits(pause_s, why):
                self._due_s[name] = now_s + pause_s
                state = "waiting"
            case GivenUp(why):
                state = "given_up"
            case Stopped():
                state = "stopped"
            case _:
                assert_never(fate)
        last_line = tail(self._services.log(name), 1)
        note = replace(self._notes[name], state=state, since=self._now(), exit_code=code, last_line=last_line)
        self._tell(name, replace(note, why=why))

    def _start(self, name: str) -> None:
        self._due_s.pop(name, None)
        note = self._notes[name]
        self._services.launch(name, POLITELY if note.exit_code == EXIT_TAKEN else {})
        self._tell(name, replace(note, state="running", since=self._now(), restarts=note.restarts + 1))

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")

    def _tell(self, name: str, note: Note) -> None:
        self._notes[name] = note
        if note.sentence:
            _log.warning("%s %s", name, note.sentence)
        write_notes(self._data_dir, self._notes)


def write_specs(data_dir: Path, specs: Sequence[ServiceSpec]) -> None:
    """Say which services the next supervisor keeps."""
    write_private(_specs_file(data_dir), json.dumps([asdict(spec) for spec in specs]))


def _read_specs(data_dir: Path) -> tuple[ServiceSpec, ...]:
    found = json.loads(_specs_file(data_dir).read_text())
    return tuple(ServiceSpec(**{**each, "argv": tuple(each["argv"])}) for each in found)


def _specs_file(data_dir: Path) -> Path:
    return data_dir / "supervisor" / "services.json"


async def keep(data_dir: Path) -> None:
    """Take over or start the services, and keep them until SIGTERM or the end of the stack."""
    file = StateFile(data_dir)
    state = file.load()
    assert state is not None, "a supervisor is started by `queuebit up`"
    stack = Stack(data_dir, state, kafka=External.from_env().kafka)
    services = Supervisor(stack, _read_specs(data_dir))
    keeper = Keeper(data_dir, services, SystemClock())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    loop.add_signal_handler(signal.SIGHUP, keeper.again)
    running = {each.name: each for each in state.processes if is_alive(each)}
    for name in services.names:
        if name in running:
            services.adopt(running[name])
        else:
            services.launch(name)

    def still() -> bool:
        found = file.load()
        return found is not None and found.stack_id == state.stack_id

    await keeper.run(stop, still=still)
    await services.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(keep(Path(sys.argv[1])))
