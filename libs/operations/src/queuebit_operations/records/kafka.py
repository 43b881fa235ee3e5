"""Records on Kafka."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaConnectionError, KafkaError, NoBrokersAvailable  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC
from queuebit_operations.records.port import BrokerState, Place, Span, Unreadable
from queuebit_runtime.access.login import told_apart
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.kafka.errors import wrapped
from queuebit_runtime.bus.kafka.polling import Poller
from queuebit_runtime.bus.kafka.rereading import reread_past
from queuebit_runtime.bus.kafka.unpacking import Reread
from queuebit_runtime.bus.port import UNREADABLE, BusError, Record
from queuebit_runtime.clock import SystemClock

CLIENT_ID = "queuebit-ops"
SILENT = (KafkaConnectionError, NoBrokersAvailable, OSError, TimeoutError)
"""No broker could be reached."""
ANSWER_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 5.0
FETCH_BYTES_MAX = 8 * 1024 * 1024
RECORDS_MAX = 5000
_PLACE_OF = attrgetter("topic", "partition")


@asynccontextmanager
async def opened_records(access: KafkaAccess, namespace: str) -> AsyncIterator[KafkaRecords]:
    """Connected. Raises BusError when Kafka does not answer, LoginRefused when it does not let us in."""
    consumer = AIOKafkaConsumer(
        **client_options(access),
        client_id=CLIENT_ID,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES_MAX,
        fetch_max_bytes=FETCH_BYTES_MAX,
    )
    admin = AIOKafkaAdminClient(**client_options(access), client_id=CLIENT_ID)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await consumer.start()
            await admin.start()
    except (KafkaError, OSError, TimeoutError, ValueError) as error:
        await _end(consumer, admin)
        told = BusError(f"Kafka does not answer at {access.kafka}.") if isinstance(error, SILENT) else _told(error)
        raise await told_apart(told, access) from None
    try:
        yield KafkaRecords(consumer, admin, access, f"{namespace}." if namespace else "")
    finally:
        await _end(consumer, admin)


async def _end(consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
    """Disconnect, in bounded time: a consumer that loses its assignment at this very moment passes its cancellation over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await consumer.stop()
    await admin.close()


class KafkaRecords:
    """Reads by assignment. Made by `opened_records`."""

    def __init__(
        self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient, access: KafkaAccess, prefix: str
    ) -> None:
        self._consumer = consumer
        self._admin = admin
        self._access = access
        self._prefix = prefix

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                present = await self._consumer.topics()
                names = [self._prefix + topic for topic in topics if self._prefix + topic in present]
                described = await self._admin.describe_topics(names) if names else []
                places = [
                    TopicPartition(topic["topic"], part["partition"])
                    for topic in described
                    for part in topic["partitions"]
                ]
                begins = await self._consumer.beginning_offsets(places)
                ends = await self._consumer.end_offsets(places)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        return {self._place(each): Span(begins[each], ends[each]) for each in places}

    def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        return self.read_past(spans, _refuse)

    async def read_past(self, spans: Mapping[Place, Span], unreadable: Unreadable) -> AsyncIterator[Sequence[Record]]:
        left = {place: span.end for place, span in spans.items() if span.end > span.begin}
        if not left:
            return
        assigned = {TopicPartition(self._prefix + place.topic, place.partition): place for place in left}
        try:
            self._consumer.assign(list(assigned))
            for each, place in assigned.items():
                self._consumer.seek(each, spans[place].begin)

            async def again(each: TopicPartition, offset: int, _error: Exception) -> Reread:
                place = assigned[each]
                found = await reread_past(self._access, each, offset, spans[place].end)
                return found._replace(records=_told_apart(place, spans[place], found, unreadable))

            poller = Poller(self._consumer, again, SystemClock())
            poller.restart({each: spans[place].begin for each, place in assigned.items()})
            clock = asyncio.get_running_loop()
            moved_at_s = clock.time()
            while left or poller.holds_some:
                fetched = await poller.poll(1000, RECORDS_MAX)
                if fetched:
                    moved_at_s = clock.time()
                elif clock.time() > moved_at_s + ANSWER_TIMEOUT_S:
                    raise TimeoutError(f"nothing more of {sorted(left)[0]} came")
                for (topic, partition), messages in groupby(fetched, key=_PLACE_OF):
                    place = assigned[TopicPartition(topic, partition)]
                    end = spans[place].end
                    some = [_record(place, message) for message in messages if message.offset < end]
                    if some:
                        yield some
                await self._leave_what_is_read(assigned, left)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error

    async def _leave_what_is_read(self, assigned: Mapping[TopicPartition, Place], left: dict[Place, int]) -> None:
        """Positions count and not records: markers of transactions and gaps of compaction are no records."""
        for each, place in assigned.items():
            if place in left and await self._consumer.position(each) >= left[place]:
                del left[place]
                self._consumer.pause(each)

    async def brokers(self, topics: Collection[str]) -> BrokerState:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                cluster = await self._admin.describe_cluster()
                present = set(await self._admin.list_topics())
                names = [self._prefix + topic for topic in topics if self._prefix + topic in present]
                described = await self._admin.describe_topics(names) if names else []
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        parts = [part for topic in described for part in topic["partitions"]]
        behind = sum(len(part["isr"]) < len(part["replicas"]) for part in parts)
        return BrokerState(len(cluster["brokers"]), len(parts), behind, sum(part["leader"] < 0 for part in parts))

    async def members(self, group: str) -> int:
        """How many members a group has now."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                found = await self._admin.describe_consumer_groups([self._prefix + group])
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        return sum(len(each[5]) for response in found for each in response.groups)

    async def offsets_at(self, places: list[Place], at: datetime) -> dict[Place, int]:
        """The first offset of each partition that was written at a moment or later; its end where none was."""
        by_partition = {TopicPartition(self._prefix + place.topic, place.partition): place for place in places}
        moment_ms = int(at.timestamp() * 1000)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                found = await self._consumer.offsets_for_times(dict.fromkeys(by_partition, moment_ms))
                ends = await self._consumer.end_offsets(list(by_partition))
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        return {
            place: ends[each] if found.get(each) is None else found[each].offset for each, place in by_partition.items()
        }

    async def commit(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Say in the name of a group, which must have no members, where it goes on."""
        consumer = AIOKafkaConsumer(
            **client_options(self._access), group_id=self._prefix + group, enable_auto_commit=False
        )
        wanted = {TopicPartition(self._prefix + place.topic, place.partition): at for place, at in offsets.items()}
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await consumer.start()
                consumer.assign(list(wanted))
                await consumer.commit(wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        finally:
            await consumer.stop()

    async def committed(self) -> dict[str, dict[Place, int]]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                groups = [each[0] for each in await self._admin.list_consumer_groups()]
                found = {
                    group.removeprefix(self._prefix): await self._admin.list_consumer_group_offsets(group)
                    for group in sorted(groups)
                    if group.startswith(self._prefix)
                }
        except (KafkaError, OSError, TimeoutError) as error:
            raise _told(error) from error
        return {
            group: {
                self._place(each): at.offset
                for each, at in offsets.items()
                if each.topic.startswith(self._prefix) and each.topic.removeprefix(self._prefix) in BY_TOPIC
            }
            for group, offsets in found.items()
        }

    def _place(self, each: TopicPartition) -> Place:
        return Place(each.topic.removeprefix(self._prefix), each.partition)


def _refuse(place: Place, offset: int, why: str) -> None:
    raise BusError(f"{place.topic}/{place.partition}@{offset} cannot be unpacked here: {why}")


def _told_apart(place: Place, span: Span, found: Reread, unreadable: Unreadable) -> tuple[ConsumerRecord, ...]:
    """What could be read; the rest is told."""
    records = []
    for each in found.records:
        if each.key is not None or [name for name, _ in each.headers] != [UNREADABLE]:
            records.append(each)
        elif each.offset < span.end:
            unreadable(place, each.offset, each.headers[0][1].decode("utf-8", "replace"))
    return tuple(records)


def _record(place: Place, message: object) -> Record:
    return Record(
        place.topic,
        place.partition,
        message.offset,  # type: ignore[attr-defined]
        message.key,  # type: ignore[attr-defined]
        message.value,  # type: ignore[attr-defined]
        message.headers,  # type: ignore[attr-defined]
        message.timestamp,  # type: ignore[attr-defined]
    )


def _told(error: Exception) -> BusError:
    if isinstance(error, KafkaError):
        return wrapped(error)
    return BusError(f"Kafka does not answer: {str(error) or type(error).__name__}.")
