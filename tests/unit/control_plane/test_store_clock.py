"""The control plane tells the time by the store, whatever the clock of its machine does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from queuebit_control_plane.store_clock import ROUND_TRIP_MAX_S, SET_INTERVAL_S, StoreClock
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import MemoryStore
from queuebit_store.memory_state.database import MemoryDatabase
from tests.fakes.moved_clock import START, MovedClock

HOUR = timedelta(hours=1)


class Machine(MovedClock):
    """Its wall clock can be set; its monotonic clock cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class Store(MemoryStore):
    """Its clock is right. It answers when it is asked to, and takes its time."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(MemoryDatabase())
        self._machine = machine
        self.there = True
        self.takes_s = 0.0

    async def now(self) -> datetime:
        if not self.there:
            raise StoreUnavailable
        self._machine.spend(self.takes_s)
        return MovedClock.now(self._machine)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def store(machine: Machine) -> Store:
    return Store(machine)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
async def test_a_jump_of_the_machine_changes_nothing_and_is_told_once(
    machine: Machine, store: Store, ahead: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    clock, stop = StoreClock(store, machine), asyncio.Event()
    await clock.set()
    running = asyncio.create_task(clock.run(stop))
    machine.ahead = ahead
    await machine.advance(3 * SET_INTERVAL_S + 1)
    stop.set()
    await machine.advance(SET_INTERVAL_S)
    await running

    assert clock.now() == START + timedelta(seconds=4 * SET_INTERVAL_S + 1)
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == f"the clock of this machine is {ahead.total_seconds():+.0f} s off the store's; the store's counts"


async def test_a_machine_that_was_wrong_from_the_start_keeps_to_the_store(machine: Machine, store: Store) -> None:
    machine.ahead = HOUR
    clock = StoreClock(store, machine)
    await clock.set()

    assert clock.now() == START


async def test_while_the_store_is_away_the_time_goes_on(machine: Machine, store: Store) -> None:
    clock, stop = StoreClock(store, machine), asyncio.Event()
    await clock.set()
    store.there = False
    running = asyncio.create_task(clock.run(stop))
    await machine.advance(60)
    stop.set()
    await machine.advance(SET_INTERVAL_S)
    await running

    assert clock.now() == START + timedelta(seconds=60 + SET_INTERVAL_S)


async def test_a_slow_answer_counts_only_where_there_is_no_other(machine: Machine, store: Store) -> None:
    clock = StoreClock(store, machine)
    store.takes_s = 4 * ROUND_TRIP_MAX_S
    await clock.set()
    first = clock.now()
    await clock.set()

    assert first == START + timedelta(seconds=1.5 * store.takes_s)
    assert clock.now() == first + timedelta(seconds=store.takes_s)

    store.takes_s = 2 * ROUND_TRIP_MAX_S
    await clock.set()

    assert clock.now() == MovedClock.now(machine) + timedelta(seconds=store.takes_s / 2)
