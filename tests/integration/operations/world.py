"""Jobs in a store and their events on Kafka, as the services leave them, in a namespace of one test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.admin.records_to_delete import RecordsToDelete  # type: ignore[import-untyped]

from queuebit_contracts.channels import CHANNELS
from queuebit_control_plane.relay.lead import Lead
from queuebit_control_plane.relay.relay import LEASE, Relay, records_of
from queuebit_devstack.stack import Stack
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics, plan_topic
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_store.ports import StoredEvent
from queuebit_store.postgres import PostgresStore
from tests.builders import NOW


@dataclass(frozen=True)
class World:
    """A store, the topics of its namespace, and a plain connection to its tables."""

    stack: Stack
    store: PostgresStore
    bus: KafkaBus
    admin: asyncpg.Connection
    namespace: str

    async def relay(self) -> None:
        """Publish everything that is stored, as the control plane does."""
        clock = SystemClock()
        relay = Relay(self.store, self.bus, clock, Lead(self.store, clock, name=LEASE, holder="test"))
        while await relay.step():
            pass
        await relay.save(force=True)

    async def events(self, job_id: UUID) -> list[StoredEvent]:
        return (await self.store.load([job_id]))[job_id]

    async def publish(self, events: Sequence[StoredEvent]) -> None:
        """Publish these events, in this order, and say nothing to the cursor."""
        await self.bus.publish(records_of(events, NOW))

    async def say(self, topic: str, record: Outgoing) -> None:
        await self.bus.publish([record._replace(topic=topic)])

    async def say_at(self, partition: int, record: Outgoing) -> None:
        """Publish a record on a partition, whatever its key says."""
        producer = AIOKafkaProducer(**self.stack.client())
        await producer.start()
        try:
            topic = f"{self.namespace}.{record.topic}"
            await producer.send_and_wait(
                topic, record.value, key=record.key, partition=partition, headers=record.headers
            )
        finally:
            await producer.stop()

    async def commit(self, group: str, topic: str, offset: int, partition: int = 0) -> None:
        """Let a group have read so much."""
        name = f"{self.namespace}.{topic}"
        consumer = AIOKafkaConsumer(
            **self.stack.client(), group_id=f"{self.namespace}.{group}", enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign([TopicPartition(name, partition)])
            await consumer.commit({TopicPartition(name, partition): offset})
        finally:
            await consumer.stop()

    async def drop_records(self, topic: str, before: int, partition: int = 0) -> None:
        """What retention does: take away what lies before an offset."""
        admin = AIOKafkaAdminClient(**self.stack.client())
        await admin.start()
        try:
            await admin.delete_records(
                {TopicPartition(f"{self.namespace}.{topic}", partition): RecordsToDelete(before)}
            )
        finally:
            await admin.close()


@asynccontextmanager
async def a_world(
    stack: Stack, store: PostgresStore, admin: asyncpg.Connection, namespace: str
) -> AsyncIterator[World]:
    await ensure_topics(stack.access(), namespace)
    bus = KafkaBus(KafkaSettings(stack.access(), namespace=namespace))
    await bus.start()
    try:
        yield World(stack, store, bus, admin, namespace)
    finally:
        await bus.stop(0)
        kafka = AIOKafkaAdminClient(**stack.client())
        await kafka.start()
        try:
            await kafka.delete_topics([plan_topic(channel, namespace, 1).name for channel in CHANNELS])
        finally:
            await kafka.close()
