"""How far a reader is behind: where its partitions end, and where those are read of which nothing was delivered."""

from __future__ import annotations

import asyncio
import contextlib

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import IllegalStateError, KafkaError  # type: ignore[import-untyped]

from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.slots import Place

LOOK_AHEAD_TIMEOUT_S = 0.5


class Standing:
    """What is known of the partitions of one assignment."""

    def __init__(self, consumer: AIOKafkaConsumer, member: Member, prefix: str) -> None:
        self._consumer = consumer
        self._member = member
        self._prefix = prefix
        self._ends: dict[Place, int] = {}
        self._positions: dict[Place, int] = {}

    def restart(self) -> None:
        """The partitions are others now."""
        self._ends, self._positions = {}, {}

    async def look_ahead(self, *, paused: bool) -> None:
        """Ask where partitions end while nothing is fetched, whose answers would tell it. Asked each second."""
        with contextlib.suppress(KafkaError, TimeoutError, AssertionError):
            async with asyncio.timeout(LOOK_AHEAD_TIMEOUT_S):
                if paused:
                    places = list(self._member.slots)
                    found = await self._consumer.end_offsets([self._partition(place) for place in places])
                    self._ends = {place: found[self._partition(place)] for place in places}
                for place, slot in list(self._member.slots.items()):
                    partition = self._partition(place)
                    if slot.prefix() is None and self._consumer.highwater(partition) is not None:
                        self._positions[place] = await self._consumer.position(partition)

    def lags(self) -> dict[Place, int]:
        """The records of each of our partitions that are not done, as far as its end is known."""
        ends: dict[Place, int] = {}
        with contextlib.suppress(IllegalStateError, AssertionError):
            for place in self._member.slots:
                if (end := self._consumer.highwater(self._partition(place))) is not None:
                    ends[place] = max(end, self._ends.get(place, 0))
        return self._member.lags(ends, self._positions)

    def _partition(self, place: Place) -> TopicPartition:
        return TopicPartition(self._prefix + place[0], place[1])
