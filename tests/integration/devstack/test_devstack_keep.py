"""What becomes of a service that ends: started again, given up, or left down, and told."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from queuebit_devstack.keep import Keeper
from queuebit_devstack.notes import Note, read_notes
from queuebit_devstack.ports import free_ports
from queuebit_devstack.restarts import LOOP_ENDS, LOOP_WINDOW_S, Again, GivenUp, Stopped, Waits, fate_of
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import StackState
from queuebit_devstack.supervise import ServiceSpec, Supervisor
from tests.fakes.moved_clock import MovedClock

BEGAN = "2026-01-02T03:04:05+00:00"
CRASHING = "print('I have no faith'); raise SystemExit(3)"
TAKEN = "import os; print('waits:', os.environ.get('QUEUEBIT_GROUP_INSTANCE_WAITS')); raise SystemExit(9)"
WAITING = (
    "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up', flush=True); signal.pause()"
)


@pytest.mark.parametrize(
    ("exit_code", "earlier_s", "fate"),
    [
        (1, (), Again(0.5, looping=False)),
        (-9, (99.0,), Again(1.0, looping=False)),
        (8, (96.0, 97.0, 98.0, 99.0), Again(8.0, looping=True)),
        (1, (100 - LOOP_WINDOW_S, 99.0), Again(1.0, looping=False)),
        (1, tuple(float(each) for each in range(20)), Again(30.0, looping=True)),
        (0, (98.0, 99.0), Stopped()),
        (2, (), GivenUp("a setting is wrong")),
        (9, (98.0, 99.0), Waits(30.0, "another live process has its group instance id")),
    ],
)
def test_the_rule(exit_code: int, earlier_s: tuple[float, ...], fate: object) -> None:
    assert fate_of(exit_code, earlier_s, 100.0) == fate


class KeptService:
    """One service under a keeper, on a clock that is moved by hand."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        self.clock = MovedClock()
        spec = ServiceSpec("it", (sys.executable, "-c", script), free_ports(1)[0])
        self.services = Supervisor(Stack(folder, StackState("s1", kafka="k:1", postgres="postgresql://p")), (spec,))
        self.keeper = Keeper(folder, self.services, self.clock)

    async def begin(self) -> None:
        """Start it, with a keeper that has looked once."""
        self.services.launch("it")
        stop = asyncio.Event()
        stop.set()
        await self.keeper.run(stop)

    def pass_by(self, seconds: float) -> None:
        self.clock.spend(seconds)
        self.keeper.look()

    def ended(self) -> Note:
        """Wait for its end; what is told of it then."""
        deadline = time.monotonic() + 60
        while self.services.is_alive("it"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.keeper.look()
        return read_notes(self.folder)["it"]

    def said(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.services.last_lines("it"):
            assert time.monotonic() < deadline
            time.sleep(0.01)


async def test_what_crashes_is_started_again_and_what_keeps_crashing_is_told_with_its_code_and_last_line(
    tmp_path: Path,
) -> None:
    world = KeptService(tmp_path, CRASHING)
    await world.begin()
    for number in range(LOOP_ENDS):
        note = world.ended()
        looping = number == LOOP_ENDS - 1
        assert (note.state, note.restarts) == ("crash_loop" if looping else "waiting", number)
        if not looping:
            world.pass_by(0.5 * 2**number)
            assert read_notes(tmp_path)["it"].state == "running"
    assert note.sentence == (
        "crash loop: ended with 3 again and again (4 restarts), is started again slowly. Its last line: I have no faith"
    )
    world.pass_by(7.9)
    assert read_notes(tmp_path)["it"] == note
    world.pass_by(0.1)
    assert read_notes(tmp_path)["it"].restarts == LOOP_ENDS


async def test_what_was_stopped_on_purpose_stays_down_until_it_is_asked_for(tmp_path: Path) -> None:
    world = KeptService(tmp_path, WAITING)
    await world.begin()
    world.said("up")
    world.services.send("it", signal.SIGTERM)
    assert world.ended().state == "stopped"
    world.pass_by(3600)
    assert not world.services.is_alive("it")
    world.keeper.again()
    assert world.services.is_alive("it")
    await world.services.stop()


async def test_a_twin_of_a_live_process_is_started_again_later_and_waits_then_for_its_place(tmp_path: Path) -> None:
    world = KeptService(tmp_path, TAKEN)
    await world.begin()
    note = world.ended()
    assert note == Note("waiting", BEGAN, 0, 9, "waits: None", "another live process has its group instance id")
    assert note.sentence == (
        "ended with 9, another live process has its group instance id, is started again. Its last line: waits: None"
    )
    world.pass_by(29.9)
    assert read_notes(tmp_path)["it"] == note
    world.pass_by(0.1)
    assert world.ended().last_line == "waits: true"


async def test_a_service_whose_supervisor_was_killed_is_taken_over_as_it_runs(tmp_path: Path) -> None:
    world = KeptService(tmp_path, WAITING)
    await world.begin()
    world.said("up")
    pid = world.services.pid("it")
    heir = KeptService(tmp_path, WAITING)
    heir.services.adopt(world.services._child("it").record)
    stop = asyncio.Event()
    stop.set()
    await heir.keeper.run(stop)
    heir.keeper.look()
    assert heir.services.is_alive("it")
    await world.services.kill("it")
    note = heir.ended()
    assert (note.state, note.sentence) == ("waiting", "ended with -1, is started again. Its last line: up")
    heir.pass_by(0.5)
    assert heir.services.pid("it") != pid
    await heir.services.stop()
