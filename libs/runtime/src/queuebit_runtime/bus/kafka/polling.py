"""Taking records from the client so that none is lost where it fails: a batch that it cannot unpack stops no partition.

An error while the client unpacks loses what the same poll had taken from other partitions. So it is noted how far each was
read; after such an error all go back there and are polled one by one, until the odd one shows. That is read leniently.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    CorruptRecordException,
    KafkaError,
    UnsupportedCodecError,
)

from queuebit_runtime.bus.kafka.unpacking import Reread
from queuebit_runtime.clock import Clock

ROUND_PAUSE_S = 0.02
ROUNDS_MAX = 1500
"""So often every partition is polled alone in search of the odd one; then it has gone."""

ReadAgain = Callable[[TopicPartition, int, Exception], Awaitable[Reread]]


def of_a_batch(error: Exception) -> bool:
    """Whether a poll failed over what the broker keeps, and not over its answer."""
    return not isinstance(error, KafkaError) or isinstance(error, (CorruptRecordException, UnsupportedCodecError))


class Poller:
    """The polls of one started consumer."""

    def __init__(self, consumer: AIOKafkaConsumer, read_again: ReadAgain, clock: Clock) -> None:
        self._consumer = consumer
        self._read_again = read_again
        self._clock = clock
        self._next: dict[TopicPartition, int] = {}
        self._spare: deque[ConsumerRecord] = deque()
        self._rounds_left = 0
        self._astray = False
        self._restarts = 0

    def restart(self, positions: Mapping[TopicPartition, int] | None = None) -> None:
        """The partitions are others now, or are read from elsewhere; `positions`: from where, if no group keeps it."""
        self._next = dict(positions or {})
        self._spare.clear()
        self._rounds_left = 0
        self._astray = False
        self._restarts += 1

    @property
    def holds_some(self) -> bool:
        """Whether records were read that no poll has given yet."""
        return bool(self._spare)

    async def poll(self, wait_ms: int, records_max: int) -> list[ConsumerRecord]:
        """At most so many records; none after `wait_ms`. Raises what the broker answers, and the error of a batch that is
        not to be read at all: what was given until then is all that was lost by it.
        """
        if self._spare:
            return [self._spare.popleft() for _ in range(min(records_max, len(self._spare)))]
        if self._astray:
            await self._go_back()
            return []
        if self._rounds_left:
            return await self._one_by_one(records_max)
        try:
            found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=records_max)
        except Exception as error:
            if not of_a_batch(error):
                raise
            self._astray = True
            await self._go_back()
            return []
        return self._noted(found)

    def _noted(self, found: Mapping[TopicPartition, list[ConsumerRecord]]) -> list[ConsumerRecord]:
        records: list[ConsumerRecord] = []
        for place, some in found.items():
            self._next[place] = some[-1].offset + 1
            records = some if not records else records + some
        return records

    async def _go_back(self) -> None:
        """To what comes after what was given. Where the broker does not say where the group stands, the next poll asks again:
        what the failed one had taken must not be passed over.
        """
        for place in self._consumer.assignment():
            self._consumer.seek(place, await self._goes_on_at(place))
        self._astray = False
        self._rounds_left = ROUNDS_MAX

    async def _goes_on_at(self, place: TopicPartition) -> int:
        if (known := self._next.get(place)) is not None:
            return known
        committed: int | None = await self._consumer.committed(place)
        if committed is None:
            committed = (await self._consumer.beginning_offsets([place]))[place]
        self._next[place] = committed
        return committed

    async def _one_by_one(self, records_max: int) -> list[ConsumerRecord]:
        """What the first partition gives that has something."""
        self._rounds_left -= 1
        for place in sorted(self._consumer.assignment() - self._consumer.paused()):
            try:
                found = await self._consumer.getmany(place, timeout_ms=0, max_records=records_max)
            except Exception as error:
                if not of_a_batch(error):
                    raise
                await self._read_leniently(place, error)
                return []
            if found:
                return self._noted(found)
        await self._clock.sleep(ROUND_PAUSE_S)
        return []

    async def _read_leniently(self, place: TopicPartition, error: Exception) -> None:
        restarts = self._restarts
        at = await self._goes_on_at(place)
        again = await self._read_again(place, at, error)
        if restarts != self._restarts:
            # Whoever has the partition now begins where the group stands, which may be before this.
            return
        self._consumer.seek(place, again.next_offset)
        self._next[place] = again.next_offset
        self._spare.extend(again.records)
        self._rounds_left = 0
