"""Retention that takes what a group has not read, on a real broker: it is told, and reading goes on with what is left."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC, SUBMITTED
from queuebit_devstack.stack import Stack
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.bus.partitioner import partition_of
from tests.contract.bus.bus_under_test import Collector, reads, say, until

PARTITION = partition_of(b"a", BY_TOPIC[SUBMITTED].partitions)


async def read_all(settings: KafkaSettings, *values: str) -> tuple[list[bytes], dict[tuple[str, str], int]]:
    """A process that publishes these, reads what there is until it has read the last of them, and ends."""
    seen, bus = Collector(), KafkaBus(settings)
    bus.subscribe(reads(seen))
    await bus.start()
    try:
        for value in values:
            await bus.publish([say("a", value)])
        await until(lambda: values[-1].encode() in seen.values)
        return seen.values, dict(bus.gone())
    finally:
        await bus.stop()


async def test_what_retention_took_unread_is_told_by_group_and_place(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    namespace = f"gone-{uuid4().hex[:8]}"
    settings = KafkaSettings(stack.access(), namespace)
    await ensure_topics(stack.access(), namespace, channels=[BY_TOPIC[SUBMITTED]])
    await read_all(settings, "first")
    publisher = KafkaBus(settings)
    await publisher.start()
    await publisher.publish([say("a", value) for value in ("second", "third", "fourth")])
    await publisher.stop()
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    await admin.delete_records({TopicPartition(f"{namespace}.{SUBMITTED}", PARTITION): RecordsToDelete(3)})
    await admin.close()

    with caplog.at_level(logging.ERROR):
        values, gone = await read_all(settings, "fifth")
        group = next(iter(gone))[0]
        told = [record.getMessage() for record in caplog.records if "are gone" in record.getMessage()]
        caplog.clear()
        again = await read_all(settings, "sixth")

    assert (values, gone) == ([b"fourth", b"fifth"], {(group, SUBMITTED): 2})
    assert [each.partition(":")[0] for each in told] == [
        f"2 records of {SUBMITTED}/{PARTITION} are gone before group {group} had read them"
    ]
    assert (again, caplog.records) == (([b"sixth"], {}), [])
