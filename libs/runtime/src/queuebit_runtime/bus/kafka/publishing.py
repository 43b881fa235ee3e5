"""Publishing to Kafka: records are packed into one batch a partition, in the order of the calls, and acknowledged together.

A batch goes out when its partition is free; what arrives meanwhile fills the next one, so load makes batches by itself and a
lonely record waits for nobody. Keys decide the partition by Kafka's own rule, each record keeps its own headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import partial

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]

from queuebit_runtime.bus.kafka.errors import wrapped
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.bus.record_size import check_sizes
from queuebit_runtime.bus.slots import Place
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import BusError
from queuebit_runtime.waiting import end_task

CLOSE_TIMEOUT_S = 5.0
REPLACE_AFTER_S = 60.0
"""A producer that acknowledged nothing for so long, while something waited, is replaced: should the fault be its own."""

_log = logging.getLogger(__name__)

Acknowledged = asyncio.Future[None]


class _Lane:
    """The batches that wait for one partition. The last one may still grow."""

    __slots__ = ("_clock", "_moved_at_s", "_unacknowledged", "batches", "flushing", "place")

    def __init__(self, place: Place, clock: Clock) -> None:
        self.place = place
        self._clock = clock
        self._unacknowledged = 0
        self._moved_at_s = 0.0
        self.batches: deque[tuple[BatchBuilder, Acknowledged]] = deque()
        self.flushing = False

    def add(
        self, records: Sequence[Outgoing], begin: Callable[[int], BatchBuilder], loop: asyncio.AbstractEventLoop
    ) -> set[Acknowledged]:
        """Put the records behind everything that waits; what is returned resolves when their batches are acknowledged."""
        waiting: set[Acknowledged] = set()
        builder, acknowledged = self.batches[-1] if self.batches else self._begun(begin(len(records[0].value)), loop)
        for _, key, value, headers in records:
            if builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
                builder, acknowledged = self._begun(begin(len(value)), loop)
                builder.append(timestamp=None, key=key, value=value, headers=headers)
            waiting.add(acknowledged)
        return waiting

    def _begun(self, builder: BatchBuilder, loop: asyncio.AbstractEventLoop) -> tuple[BatchBuilder, Acknowledged]:
        batch = (builder, loop.create_future())
        self.batches.append(batch)
        if self._unacknowledged == 0:
            self._moved_at_s = self._clock.monotonic_s()
        self._unacknowledged += 1
        batch[1].add_done_callback(self._moved)
        return batch

    def _moved(self, _: Acknowledged) -> None:
        self._unacknowledged -= 1
        self._moved_at_s = self._clock.monotonic_s()

    def stalled_for_s(self) -> float:
        """How long nothing was acknowledged though something waits for it."""
        return self._clock.monotonic_s() - self._moved_at_s if self._unacknowledged else 0.0


class Publisher:
    """Owns one idempotent producer, and replaces it when a batch fails: its sequence numbers are of no use then.

    A publish that is not acknowledged within `timeout_s` fails; what it handed over stays with the producer, which goes on when
    the broker does. A partition that has acknowledged nothing for as long takes nothing more until it does, so what waits is
    bounded and who publishes learns it at once.
    """

    def __init__(
        self,
        make: Callable[[], AIOKafkaProducer],
        begin: Callable[[str, int], BatchBuilder],
        prefix: str,
        *,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        """`begin` gives an empty batch for a topic, whose name has no prefix, and a first record of so many bytes."""
        self._make = make
        self._begin = begin
        self._prefix = prefix
        self._clock = clock
        self._timeout_s = timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._broken = False
        self._replacing: asyncio.Task[None] | None = None
        self._lanes: dict[Place, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect. Raises BusError."""
        producer = self._make()
        try:
            await producer.start()
        except BaseException as error:
            await producer.stop()
            if isinstance(error, (KafkaError, OSError)):
                raise wrapped(error) from error
            raise
        self._producer = producer
        self._broken = False

    @property
    def client(self) -> AIOKafkaClient | None:
        """The client of the producer, while there is one."""
        return None if self._producer is None else self._producer.client

    def stalled_for_s(self) -> float:
        """How long the longest silent partition has acknowledged nothing of what waits for it."""
        return max((lane.stalled_for_s() for lane in self._lanes.values()), default=0.0)

    async def stop(self) -> None:
        """Send what waits, at most for a few seconds, and disconnect."""
        await end_task(self._replacing)
        producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)
        for task in list(self._tasks):
            task.cancel()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """As `Bus.publish`."""
        check_sizes(records)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._publish(records)
        except TimeoutError as error:
            raise BusError(
                f"Kafka did not acknowledge it within {self._timeout_s:g} s; whether it was written is not known."
            ) from error

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        if self.stalled_for_s() >= REPLACE_AFTER_S:
            self._broken = True
        if self._broken:
            await self._replaced()
        producer = self._producer
        if producer is None:
            raise BusError("The bus is not running.")
        counts = await self._partition_counts(producer, records)
        by_place: defaultdict[Place, list[Outgoing]] = defaultdict(list)
        for record in records:
            topic = record.topic
            by_place[topic, partition_of(record.key, counts[topic])].append(record)
        loop = asyncio.get_running_loop()
        waiting: set[Acknowledged] = set()
        for place, some in by_place.items():
            lane = self._lanes.get(place)
            if lane is None:
                lane = self._lanes[place] = _Lane((self._prefix + place[0], place[1]), self._clock)
            elif lane.stalled_for_s() >= self._timeout_s:
                raise BusError(f"Kafka has acknowledged nothing for {lane.stalled_for_s():.0f} s.")
            waiting |= lane.add(some, partial(self._begin, place[0]), loop)
            self._flush(lane, producer)
        if waiting:
            await asyncio.wait(waiting)
        for acknowledged in waiting:
            if (error := acknowledged.exception()) is not None:
                raise wrapped(error) from error

    async def _partition_counts(self, producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> dict[str, int]:
        topics = {record.topic for record in records}
        try:
            return {topic: len(await producer.partitions_for(self._prefix + topic)) for topic in topics}
        except KafkaError as error:
            raise wrapped(error) from error

    def _flush(self, lane: _Lane, producer: AIOKafkaProducer) -> None:
        if not lane.flushing:
            lane.flushing = True
            task = asyncio.ensure_future(self._send(lane, producer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, lane: _Lane, producer: AIOKafkaProducer) -> None:
        """Hand batch after batch to the producer; each call returns when the one before it is under way."""
        topic, partition = lane.place
        try:
            while lane.batches:
                builder, acknowledged = lane.batches[0]
                sent = await producer.send_batch(builder, topic, partition=partition)
                lane.batches.popleft()
                sent.add_done_callback(lambda sent, acknowledged=acknowledged: self._settle(sent, acknowledged))
        except BaseException as error:
            self._broken = True
            for _, acknowledged in lane.batches:
                _fail(acknowledged, error)
            lane.batches.clear()
            if not isinstance(error, Exception):
                raise
        finally:
            lane.flushing = False

    def _settle(self, sent: asyncio.Future[object], acknowledged: Acknowledged) -> None:
        error = BusError("The send was cancelled.") if sent.cancelled() else sent.exception()
        if error is None:
            if not acknowledged.done():
                acknowledged.set_result(None)
        else:
            self._broken = True
            _fail(acknowledged, error)

    async def _replaced(self) -> None:
        """Wait for a new producer; whoever gives up waiting does not end the replacement."""
        if self._replacing is None or self._replacing.done():
            self._replacing = asyncio.create_task(self._replace())
            self._replacing.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._replacing)

    async def _replace(self) -> None:
        if not self._broken or self._producer is None:
            return
        _log.warning("A batch failed: the producer is replaced.")
        await _close(self._producer)
        for task in list(self._tasks):
            task.cancel()
        await self.start()


def _fail(acknowledged: Acknowledged, error: BaseException) -> None:
    if not acknowledged.done():
        acknowledged.set_exception(wrapped(error))
        acknowledged.exception()


async def _close(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await producer.stop()
