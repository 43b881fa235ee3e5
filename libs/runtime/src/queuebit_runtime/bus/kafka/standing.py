"""How far a reader is behind: where its partitions end, where those are read that delivered nothing, and what is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import IllegalStateError, KafkaError  # type: ignore[import-untyped]

from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.slots import Place

LOOK_AHEAD_TIMEOUT_S = 0.5
LOOK_BEHIND_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


class Standing:
    """What is known of the partitions of one assignment."""

    def __init__(self, consumer: AIOKafkaConsumer, member: Member, prefix: str) -> None:
        self._consumer = consumer
        self._member = member
        self._prefix = prefix
        self._ends: dict[Place, int] = {}
        self._positions: dict[Place, int] = {}
        self._looked_behind = False
        self._told_until: dict[Place, int] = {}
        """What was gone is told once, also where the group has committed nothing since."""
        self.gone: Counter[str] = Counter()
        """By topic, how many records were gone before the group had read them."""

    def restart(self) -> None:
        """The partitions are others now."""
        self._ends, self._positions = {}, {}
        self._looked_behind = False

    async def look_behind(self) -> None:
        """Once an assignment, before anything of it is read: tell where retention took what the group has not read. The client
        goes on at the first record that is left, and says nothing.
        """
        if self._looked_behind:
            return
        self._looked_behind = True
        wanted = self._member.subscription
        if wanted.broadcast:
            return
        places = {self._partition(place): place for place in self._member.slots}
        try:
            async with asyncio.timeout(LOOK_BEHIND_TIMEOUT_S):
                begins = await self._consumer.beginning_offsets(list(places))
                stands = dict(zip(places, await asyncio.gather(*map(self._consumer.committed, places)), strict=True))
        except (KafkaError, TimeoutError, IllegalStateError) as error:
            _log.warning("It is not known whether retention took what group %s had not read: %r", wanted.group, error)
            return
        for each, place in places.items():
            if stands[each] is None:
                continue
            unread_from = max(stands[each], self._told_until.get(place, 0))
            if unread_from < begins[each]:
                self._told_until[place] = begins[each]
                self._tell_gone(wanted.group, place, begins[each] - unread_from)

    def _tell_gone(self, group: str, place: Place, count: int) -> None:
        self.gone[place[0]] += count
        _log.error(
            "%d records of %s/%d are gone before group %s had read them: retention took them. Questions among them must be"
            " asked again; lost attempts and verdicts are made again when their time is over.",
            count,
            place[0],
            place[1],
            group,
        )

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


def pulse(consumer: AIOKafkaConsumer) -> Sequence[object]:
    """When the broker answered last, by partition."""
    with contextlib.suppress(IllegalStateError, AssertionError):
        return [consumer.last_poll_timestamp(each) for each in sorted(consumer.assignment())]
    return ()
