"""What only Kafka can do wrong."""

from __future__ import annotations

from uuid import uuid4

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC, SUBMITTED
from queuebit_devstack.stack import Stack
from queuebit_runtime.bus import BusError, Outgoing
from queuebit_runtime.bus_kafka import KafkaBus, KafkaSettings
from queuebit_runtime.partitioner import partition_of
from queuebit_runtime.topics import ensure_topics
from tests.contract.bus.bus_world import Collector, reads, say, until


async def test_it_replaces_the_producer_when_its_sequence_is_out_of_order(stack: Stack) -> None:
    """Given a broker that refuses the producer's sequence, then the publish fails, and the next one works."""
    namespace = f"test-{uuid4().hex[:12]}"
    assert await ensure_topics(stack.kafka, namespace, channels=[BY_TOPIC[SUBMITTED]]) == (f"{namespace}.{SUBMITTED}",)
    assert await ensure_topics(stack.kafka, namespace, channels=[BY_TOPIC[SUBMITTED]]) == ()
    seen = Collector()
    bus = KafkaBus(KafkaSettings(stack.kafka, namespace))
    bus.subscribe(reads(seen))
    await bus.start()
    try:
        await bus.publish([say("a", "1")])
        producer = bus._publisher._producer
        assert producer is not None
        place = TopicPartition(f"{namespace}.{SUBMITTED}", partition_of(b"a", 4))
        producer._txn_manager.increment_sequence_number(place, 5)
        with pytest.raises(BusError):
            await bus.publish([say("a", "lost")])
        await bus.publish([say("a", "2"), say("b", "3")])
        await until(lambda: len(seen.records) == 3)
        assert sorted(seen.values) == [b"1", b"2", b"3"]
    finally:
        await bus.stop(0)


async def test_it_says_when_kafka_does_not_answer() -> None:
    bus = KafkaBus(KafkaSettings("127.0.0.1:1"))
    bus.subscribe(reads(Collector()))
    with pytest.raises(BusError):
        await bus.start()
    with pytest.raises(BusError):
        await bus.publish([Outgoing(SUBMITTED, b"a", b"1", [])])
    assert not bus.healthy()
    await bus.stop(0)
