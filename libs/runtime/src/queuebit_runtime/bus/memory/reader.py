"""Reading from the broker in memory: the reader of one subscription polls, delivers, commits and gives away."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from queuebit_runtime.bus.committing import Committer
from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.memory.broker import MemoryBroker, prefix_of
from queuebit_runtime.bus.port import Record, Subscription
from queuebit_runtime.bus.slots import Place
from queuebit_runtime.waiting import end_task

COMMIT_INTERVAL_S = 0.1
REBALANCE_DRAIN_S = 3.0


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """How a member reads."""

    namespace: str = ""
    commit_interval_s: float = COMMIT_INTERVAL_S
    rebalance_drain_s: float = REBALANCE_DRAIN_S


class Reader:
    """One subscription of one member: pulls from the logs and delivers."""

    def __init__(self, broker: MemoryBroker, subscription: Subscription, settings: MemorySettings) -> None:
        self.topics = subscription.topics
        self.namespace = settings.namespace
        self.group = prefix_of(settings.namespace) + subscription.group
        self.wake = asyncio.Event()
        self.rebalance_drain_s = settings.rebalance_drain_s
        self.member = Member(
            subscription,
            broker.clock,
            fraction=broker.random.random,
            on_done=self._touch,
        )
        self._broker = broker
        self._positions: dict[Place, int] = {}
        self._behind: dict[Place, int] = {}
        self._cut: set[Place] = set()
        self._lasts = list(subscription.from_last)
        self._turn = 0
        self._committer = Committer(broker.clock, settings.commit_interval_s, self._commit_soon)
        self._task: asyncio.Task[object] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done() and self.member.broken is None

    async def start(self) -> None:
        self._broker.listeners.append(self)
        self._task = asyncio.ensure_future(self._run())
        if self.member.subscription.broadcast:
            self.take([(topic, index) for topic in self.topics for index in range(len(self.log(topic)))])
        else:
            await self._broker.group(self.group).join(self)

    async def stop(self, drain_s: float) -> None:
        await self.member.drain(drain_s)
        self.commit()
        await self.crash()
        if not self.member.subscription.broadcast:
            await self._broker.group(self.group).leave(self)

    async def crash(self) -> None:
        """End at once: nothing is drained and nothing is committed."""
        if self in self._broker.listeners:
            self._broker.listeners.remove(self)
        self.revoke()
        await self._committer.end()
        await end_task(self._task)
        await self.member.end()

    def log(self, topic: str) -> list[list[Record]]:
        return self._broker.log(topic, self.namespace)

    def take(self, places: Sequence[Place]) -> None:
        """These partitions are ours, from where the group stands (a broadcast reads from now on, or from the start)."""
        offsets = self._broker.group(self.group).offsets
        self.member.assign(places)
        for topic, partition in places:
            end = len(self.log(topic)[partition])
            wanted = self.member.subscription
            start = end if wanted.broadcast and not wanted.from_start else offsets.get((topic, partition), 0)
            if wanted.from_age_s is not None:
                since_ms = (self._broker.clock.now().timestamp() - wanted.from_age_s) * 1000
                start = bisect_left(self.log(topic)[partition], since_ms, key=lambda record: record.timestamp_ms)
            self._positions[topic, partition] = start
            if wanted.broadcast:
                self._behind[topic, partition] = end
        if self._lasts:
            self._to_the_last(places)
        self.wake.set()

    def revoke(self) -> None:
        self.member.fence(list(self.member.slots))
        self._positions.clear()

    def commit(self) -> None:
        if self.member.subscription.broadcast:
            return
        offsets = self.member.committable()
        self._broker.group(self.group).commit(self, offsets)
        self.member.committed(offsets)

    def lags(self) -> dict[Place, int]:
        """The records of each of our partitions that are not done; of a broadcast none is waited for."""
        if self.member.subscription.broadcast:
            return {}
        ends = {place: len(self.log(place[0])[place[1]]) for place in self.member.slots}
        return self.member.lags(ends, self._positions)

    async def _commit_soon(self) -> None:
        self.commit()

    def _touch(self) -> None:
        self._committer.touch()
        self.wake.set()

    async def _run(self) -> None:
        while True:
            self.wake.clear()
            self._tell_caught_up()
            if batch := self._poll():
                await self.member.deliver(batch)
            else:
                await self.wake.wait()

    def _tell_caught_up(self) -> None:
        """Called when nothing is being handled."""
        if self._behind and all(self._positions.get(place, 0) >= end for place, end in self._behind.items()):
            if self._goes_further():
                return
            self._behind.clear()
            if self.member.subscription.caught_up is not None:
                self.member.subscription.caught_up()

    def _goes_further(self) -> bool:
        """Ask whether what was read is enough; where not, more is read. Whether there is more to read now."""
        further = self.member.subscription.further
        if further is None:
            return False
        wanted = further({topic for topic, _ in self._cut})
        again = [place for place in self._cut if place[0] in wanted]
        self.member.assign(again)
        self._to_the_last(again)
        return bool(again)

    def _to_the_last(self, places: Sequence[Place]) -> None:
        count = self._lasts.pop(0) if self._lasts else None
        starts = {place: 0 if count is None else max(0, self._behind[place] - count) for place in places}
        self._positions.update(starts)
        self._cut = {place for place, start in starts.items() if start}

    def _poll(self) -> list[Record]:
        """Up to the room there is, partitions taking turns to be first."""
        room = self.member.room
        places = list(self._positions)
        batch: list[Record] = []
        if room == 0 or not places:
            return batch
        self._turn = (self._turn + 1) % len(places)
        for topic, partition in places[self._turn :] + places[: self._turn]:
            position = self._positions[topic, partition]
            found = self.log(topic)[partition][position : position + room - len(batch)]
            self._positions[topic, partition] = position + len(found)
            batch += found
        return batch
