"""The keeper of partitions: the months ahead have theirs, each once, also after the store was away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from queuebit_control_plane.partitions import INTERVAL_S, MONTHS_AHEAD, RETRY_INTERVAL_S, PartitionKeeper
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks, MemoryStore
from tests.fakes.clocks import StoppedClock

NOVEMBER = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)


class _Clock(StoppedClock):
    """Notes how long it was waited for, and stops after so many times."""

    def __init__(self, moment: datetime, stop: asyncio.Event, times: int) -> None:
        super().__init__()
        self.moment = moment
        self.slept_s: list[float] = []
        self._stop, self._times = stop, times

    async def sleep(self, delay_s: float) -> None:
        self.slept_s.append(delay_s)
        if len(self.slept_s) >= self._times:
            self._stop.set()


async def test_the_months_ahead_are_made_once_and_the_next_when_its_time_comes() -> None:
    store, clock = MemoryStore(), StoppedClock()
    clock.moment = NOVEMBER
    keeper = PartitionKeeper(store, clock)

    assert await keeper.step() == ["event_2026_11", "event_2026_12", "event_2027_01"]
    assert await keeper.step() == []
    clock.moment = datetime(2026, 12, 1, tzinfo=UTC)
    assert await keeper.step() == ["event_2027_02"]
    assert len(await store.partitions()) == MONTHS_AHEAD + 2


async def test_a_store_that_is_away_is_asked_again_soon() -> None:
    calls = 0

    async def away_once(operation: str) -> None:
        nonlocal calls
        calls += operation == "partitions"
        if calls == 1:
            raise StoreUnavailable

    store, stop = MemoryStore(hooks=Hooks(before=away_once)), asyncio.Event()
    clock = _Clock(NOVEMBER, stop, 2)

    await PartitionKeeper(store, clock).run(stop)

    assert clock.slept_s == [RETRY_INTERVAL_S, INTERVAL_S]
    assert len(await store.partitions()) == MONTHS_AHEAD + 1
