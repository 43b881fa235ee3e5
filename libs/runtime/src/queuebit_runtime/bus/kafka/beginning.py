"""Where a broadcast begins to read, and when it has come to what was not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from queuebit_runtime.bus.port import Subscription
from queuebit_runtime.clock import Clock


class Beginning:
    """Of one subscription. `names`: what the topics are called here."""

    def __init__(self, subscription: Subscription, names: Mapping[str, str], clock: Clock) -> None:
        self._wanted = subscription
        self._names = names
        self._clock = clock
        self._ends: dict[TopicPartition, int] = {}
        """Where the partitions ended at the start, until all of that is handled."""
        self._cut: dict[TopicPartition, int] = {}
        """Where the partitions begin of which only the last records are read."""
        self._lasts: list[int] = []
        """How many of the last records may still be asked for."""

    async def go_back(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
        """Where the subscription says so, to the first record of its age or its number."""
        wanted = self._wanted
        if wanted.caught_up is None and wanted.from_age_s is None and not wanted.from_last:
            return
        self._ends = await consumer.end_offsets(places)
        self._lasts = list(wanted.from_last)
        if self._lasts:
            begins = await consumer.beginning_offsets(places)
            self._to_the_last(consumer, {place: begins[place] for place in places})
        if wanted.from_age_s is not None:
            await self._to_the_age(consumer, places, wanted.from_age_s)

    async def look_back(self, consumer: AIOKafkaConsumer) -> Sequence[TopicPartition]:
        """Tell once that all is handled of what was there at the start. Where the last records are not enough, the partitions
        of which more is to be read: the consumer stands where that begins then.
        """
        if not self._ends:
            return ()
        for place, end in self._ends.items():
            if await consumer.position(place) < end:
                return ()
        if again := self._not_enough():
            self._to_the_last(consumer, again)
            return tuple(again)
        self._ends = {}
        if self._wanted.caught_up is not None:
            self._wanted.caught_up()
        return ()

    def _not_enough(self) -> Mapping[TopicPartition, int]:
        if self._wanted.further is None:
            return {}
        topics = self._wanted.further({self._names[each.topic] for each in self._cut})
        return {place: begin for place, begin in self._cut.items() if self._names[place.topic] in topics}

    def _to_the_last(self, consumer: AIOKafkaConsumer, begins: Mapping[TopicPartition, int]) -> None:
        count = self._lasts.pop(0) if self._lasts else None
        self._cut = {}
        for place, begin in begins.items():
            at = begin if count is None else max(begin, self._ends[place] - count)
            consumer.seek(place, at)
            if at > begin:
                self._cut[place] = begin

    async def _to_the_age(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], age_s: float) -> None:
        since_ms = max(0, int((self._clock.now().timestamp() - age_s) * 1000))
        found = await consumer.offsets_for_times(dict.fromkeys(places, since_ms))
        for place in places:
            at = found.get(place)
            consumer.seek(place, self._ends[place] if at is None else at.offset)
