"""The weather: how slow and how unreliable broker and database are, drawn from the seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import BusError, Delivery, Outgoing, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolCrashed, PoolStopped, PoolTimeout
from queuebit_runtime.processes.pool import InlinePool, Progress
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks
from tests.simulation.process import Process

DELAYS_S = (0.0, 0.0, 0.0, 0.0005, 0.002, 0.01)
HELD_S = (0.05, 0.3, 1.5)
OVERLAP_S = 4.0
"""Longer than a rebalance waits: the next owner begins meanwhile."""
CHANCES = (0.0, 0.0, 0.02, 0.1)


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each fault is at each operation."""

    publish_not_written: float = 0.0
    publish_half_written: float = 0.0
    publish_written_but_not_acknowledged: float = 0.0
    store_refuses: float = 0.0
    store_rolls_back: float = 0.0
    store_commits_but_fails: float = 0.0
    commit_held_back: float = 0.0
    slow_handler: float = 0.0
    very_slow_handler: float = 0.0
    worker_process_dies: float = 0.0

    @classmethod
    def drawn(cls, random: Random) -> Chances:
        return cls(**{each.name: random.choice(CHANCES) for each in fields(cls)})


CALM = Chances()


class Weather:
    """Says for each operation what happens to it, and counts what did."""

    def __init__(self, clock: Clock, random: Random, chances: Chances) -> None:
        self.clock = clock
        self.random = random
        self.chances = chances
        self.store_down_until_s = 0.0
        self.bus_down_until_s = 0.0
        self.fired: Counter[str] = Counter()

    def calm(self) -> None:
        """From now on everything works, if not at once."""
        self.chances = CALM
        self.store_down_until_s = self.bus_down_until_s = 0.0

    def strikes(self, fault: str) -> bool:
        """Whether this fault happens now."""
        chance = getattr(self.chances, fault)
        if not chance or self.random.random() >= chance:
            return False
        self.fired[fault] += 1
        return True

    async def delay(self) -> None:
        delay_s = self.random.choice(DELAYS_S)
        if delay_s:
            await self.clock.sleep(delay_s)

    def hooks(self, process: Process) -> Hooks:
        """What happens to the operations of one session."""

        async def before(_operation: str) -> None:
            await self.delay()
            await process.moving()
            if process.dead or self.clock.monotonic_s() < self.store_down_until_s or self.strikes("store_refuses"):
                raise StoreUnavailable

        async def before_commit(_operation: str) -> None:
            if self.strikes("commit_held_back"):
                await self.clock.sleep(self.random.choice(HELD_S))
            else:
                await self.delay()
            if process.dead or self.strikes("store_rolls_back"):
                raise StoreUnavailable

        async def after_commit(_operation: str) -> None:
            await self.delay()
            await process.moving()
            if self.strikes("store_commits_but_fails"):
                raise StoreUnavailable

        return Hooks(before, before_commit, after_commit)


class WeatheredBus(MemoryBus):
    """A member's way to the broker, through the weather."""

    def __init__(self, broker: MemoryBroker, weather: Weather, process: Process) -> None:
        super().__init__(broker)
        self._weather = weather
        self._process = process

    async def publish(self, records: Sequence[Outgoing]) -> None:
        weather = self._weather
        await weather.delay()
        await self._process.moving()
        down = weather.clock.monotonic_s() < weather.bus_down_until_s
        if self._process.dead or down or weather.strikes("publish_not_written"):
            raise BusError
        if weather.strikes("publish_half_written"):
            await super().publish(self._some(records))
            raise BusError
        await super().publish(records)
        await weather.delay()
        await self._process.moving()
        if weather.strikes("publish_written_but_not_acknowledged"):
            raise BusError

    def subscribe(self, subscription: Subscription) -> None:
        begins = asyncio.Lock()

        async def handler(delivery: Delivery) -> None:
            weather = self._weather
            async with begins:
                slow = weather.strikes("slow_handler")
                await (weather.clock.sleep(weather.random.choice(HELD_S)) if slow else weather.delay())
                await self._process.moving()
            await subscription.handler(delivery)
            if weather.strikes("very_slow_handler"):
                await weather.clock.sleep(OVERLAP_S)

        super().subscribe(replace(subscription, handler=handler))

    def _some(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        """Of each partition the first few: an idempotent producer never writes the later without the earlier."""
        places = [(each.topic, partition_of(each.key, len(self._broker.log(each.topic)))) for each in records]
        left = {place: self._weather.random.randint(0, places.count(place)) for place in dict.fromkeys(places)}
        kept = []
        for place, record in zip(places, records, strict=True):
            if left[place] > 0:
                left[place] -= 1
                kept.append(record)
        return kept


class SimulatedPool:
    """Heavy work done here, after as much virtual time as the seed says; some of its processes die."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._inline = InlinePool()

    async def run(
        self,
        function_path: str,
        argument: Any,
        *,
        timeout_s: float,
        cpu_max_s: float | None = None,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        """See the port."""
        del cpu_max_s
        weather = self._weather
        takes_s = weather.random.choice((0.0, 0.05, 0.5, 2.5))
        if await wait_event(stop or asyncio.Event(), weather.clock, min(takes_s, timeout_s)):
            raise PoolStopped
        if weather.strikes("worker_process_dies"):
            raise PoolCrashed
        if takes_s > timeout_s:
            raise PoolTimeout
        return await self._inline.run(function_path, argument, timeout_s=timeout_s, on_progress=on_progress, stop=stop)

    async def close(self) -> None:
        """Nothing to end."""
