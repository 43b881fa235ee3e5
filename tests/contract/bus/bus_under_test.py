"""The two worlds that the suite of the bus runs in, behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.channels import BACKENDS, BY_TOPIC, CONTROL, SUBMITTED, dead_letter
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings, ReadSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, HostedBus, Outgoing, Record, Subscription
from queuebit_runtime.clock import Clock, SystemClock

TOPICS = (SUBMITTED, CONTROL, BACKENDS, dead_letter("control-plane"))
DEADLINE_S = 60.0
REBALANCE_DRAIN_S = 0.3


class Member(HostedBus, Protocol):
    async def crash(self) -> None: ...


class BusUnderTest(Protocol):
    """One broker, fresh for a test."""

    clock: Clock

    def member(self) -> Member:
        """One more process; stopped with the world."""
        ...

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """The offsets that a group goes on from, where they are not 0."""
        ...


class MemoryUnderTest:
    def __init__(self, namespace: str) -> None:
        self.clock: Clock = SystemClock()
        self._broker = MemoryBroker(self.clock)
        self._namespace = namespace
        self._members: list[MemoryBus] = []

    def member(self) -> Member:
        bus = MemoryBus(self._broker, namespace=self._namespace, rebalance_drain_s=REBALANCE_DRAIN_S)
        self._members.append(bus)
        return bus

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        partitions = range(len(self._broker.log(topic, self._namespace)))
        found = {number: self._broker.committed(group, topic, number, self._namespace) for number in partitions}
        return {number: offset for number, offset in found.items() if offset}

    async def close(self) -> None:
        for member in self._members:
            await member.stop(0)


class KafkaUnderTest:
    def __init__(self, access: KafkaAccess, namespace: str) -> None:
        self.clock: Clock = SystemClock()
        read = ReadSettings(rebalance_drain_s=REBALANCE_DRAIN_S)
        self._settings = KafkaSettings(access, namespace, read=read)
        self._members: list[KafkaBus] = []

    async def open(self) -> None:
        await ensure_topics(
            self._settings.access, self._settings.namespace, channels=[BY_TOPIC[topic] for topic in TOPICS]
        )

    def member(self) -> Member:
        bus = KafkaBus(self._settings)
        self._members.append(bus)
        return bus

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        admin = AIOKafkaAdminClient(**client_options(self._settings.access))
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self._settings.prefix + group)
        finally:
            await admin.close()
        name = self._settings.prefix + topic
        return {
            place.partition: each.offset for place, each in found.items() if place.topic == name and each.offset > 0
        }

    async def close(self) -> None:
        for member in self._members:
            await member.stop(0)
        admin = AIOKafkaAdminClient(**client_options(self._settings.access))
        await admin.start()
        try:
            await admin.delete_topics([self._settings.prefix + topic for topic in TOPICS])
        finally:
            await admin.close()


class Collector:
    """A handler that remembers what came, and says done when told so."""

    def __init__(self, *, done: bool = True) -> None:
        self.records: list[Record] = []
        self.deliveries: list[Delivery] = []
        self.in_flight_max = 0
        self._done = done

    async def __call__(self, delivery: Delivery) -> None:
        self.records.extend(delivery.records)
        self.deliveries.append(delivery)
        if self._done:
            delivery.done_all()

    @property
    def values(self) -> list[bytes]:
        return [record.value or b"" for record in self.records]

    def of(self, value: bytes) -> tuple[Delivery, Record]:
        """The first delivery that brought the value, and the record."""
        return next(
            (delivery, record) for delivery in self.deliveries for record in delivery.records if record.value == value
        )


def say(key: str, value: str, topic: str = SUBMITTED) -> Outgoing:
    return Outgoing(topic, key.encode(), value.encode(), [("about", b"test")])


def reads(handler: Collector, *, topic: str = SUBMITTED, group: str = "readers", **changes: object) -> Subscription:
    return Subscription(topics=(topic,), group=group, handler=handler, **changes)  # type: ignore[arg-type]


async def until(holds: Callable[[], bool], what: str = "it") -> None:
    """Wait until it holds. Fails at the deadline."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while not holds():
        assert loop.time() < deadline, f"{what} did not happen"
        await asyncio.sleep(0.01)


async def until_committed(world: BusUnderTest, group: str, topic: str, total: int) -> dict[int, int]:
    """Wait until the group has committed so many records of the topic."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while sum((offsets := await world.committed(group, topic)).values()) != total:
        assert loop.time() < deadline, f"committed {offsets}, not {total} records"
        await asyncio.sleep(0.05)
    return offsets


REQUEST = JobRequest(tenant="acme", problem=Problem(kind="maxcut", statement={"nodes": 2}))


def a_question(number: int) -> Outgoing:
    data = JobSubmitted(request=REQUEST, idempotency_key=str(number), fingerprint=fingerprint(REQUEST))
    envelope = Envelope(
        id=UUID(int=number),
        source="/test",
        subject=str(UUID(int=number)),
        time=datetime(2026, 1, 1, tzinfo=UTC),
        data=data,
        tenant="acme",
    )
    return Outgoing(SUBMITTED, b"job", encode_data(data), encode_headers(envelope))
