"""What only Kafka can do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import CorruptRecordException  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC, CONTROL, SUBMITTED, dead_letter
from queuebit_devstack.stack import Stack
from queuebit_runtime.access.settings import KafkaAccess
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.headers import PLACE
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.bus.kafka.unpacking import Reread
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import BusError, Outgoing
from queuebit_runtime.clock import SystemClock
from tests.contract.bus.bus_under_test import DEADLINE_S, Collector, a_question, reads, say, until
from tests.contract.bus.odd_records import OddName, publish_batch


async def test_it_replaces_the_producer_when_its_sequence_is_out_of_order(stack: Stack) -> None:
    """Given a broker that refuses the producer's sequence, then the publish fails, and the next one works."""
    namespace = f"test-{uuid4().hex[:12]}"
    assert await ensure_topics(stack.access(), namespace, channels=[BY_TOPIC[SUBMITTED]]) == (
        f"{namespace}.{SUBMITTED}",
    )
    assert await ensure_topics(stack.access(), namespace, channels=[BY_TOPIC[SUBMITTED]]) == ()
    seen = Collector()
    bus = KafkaBus(KafkaSettings(stack.access(), namespace))
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
    bus = KafkaBus(KafkaSettings(KafkaAccess(kafka="127.0.0.1:1")))
    bus.subscribe(reads(Collector()))
    with pytest.raises(BusError):
        await bus.start()
    with pytest.raises(BusError):
        await bus.publish([Outgoing(SUBMITTED, b"a", b"1", [])])
    assert not bus.healthy()
    await bus.stop(0)


class Reading:
    """A group that reads questions on a real broker, what it understood, and its dead letters."""

    def __init__(self, kafka: KafkaAccess) -> None:
        self.kafka = kafka
        self.namespace = f"test-{uuid4().hex[:12]}"
        self.seen: list[Item] = []
        self.dead = Collector()
        self.bus = KafkaBus(KafkaSettings(kafka, self.namespace))

    async def start(self) -> None:
        channels = [BY_TOPIC[SUBMITTED], BY_TOPIC[dead_letter("control-plane")]]
        await ensure_topics(self.kafka, self.namespace, channels=channels)
        letters = DeadLetters(self.bus, group="control-plane", consumer="control-plane", clock=SystemClock())
        hear_dead_letters(self.bus, [letters], "control")
        subscribe_decoded(self.bus, topics=(SUBMITTED,), group="control", letters=letters, handle=self._handle)
        self.bus.subscribe(reads(self.dead, topic=dead_letter("control-plane")))
        await self.bus.start()

    async def send(self, partition: int, records: list[Outgoing]) -> None:
        await publish_batch(self.kafka, f"{self.namespace}.{SUBMITTED}", partition, records)

    async def _handle(self, items: Sequence[Item]) -> None:
        self.seen.extend(items)

    @property
    def questions(self) -> list[int]:
        return sorted(item.envelope.id.int for item in self.seen if isinstance(item, Received))


async def test_a_header_name_that_is_not_utf8_stops_nothing(stack: Stack) -> None:
    """Given such a name on a question, on poison, and sound questions in their batch, behind it and in other partitions, then
    all questions are read, the poison alone is a dead letter with its place, and everything is committed.
    """
    reading = Reading(stack.access())
    odd = (OddName("xx"), b"odd")
    question = a_question(2)
    with_odd = question._replace(headers=[*question.headers, odd])
    poison = Outgoing(SUBMITTED, b"key", b"what is this", [odd])
    await ensure_topics(stack.access(), reading.namespace, channels=[BY_TOPIC[SUBMITTED]])
    await reading.send(1, [a_question(1), with_odd, poison, a_question(3)])
    await reading.send(1, [a_question(4)])
    for partition in (0, 2, 3):
        await reading.send(partition, [a_question(10 + partition)])
    await reading.start()
    try:
        await until(lambda: len(reading.seen) == 7 and len(reading.dead.records) == 1, "reading around the odd name")
        assert reading.questions == [1, 2, 3, 4, 10, 12, 13]
        (letter,) = reading.dead.records
        headers = dict(letter.headers)
        assert letter.value == b"what is this"
        assert headers["\\xff\\xfe"] == b"odd"
        assert [headers[name] for name in PLACE] == [SUBMITTED.encode(), b"1", b"2"]
        assert headers["qb_error_code"] == b"malformed_envelope"
        assert reading.bus.healthy()
        await reading.send(1, [a_question(5)])
        await until(lambda: 5 in reading.questions, "reading on")
    finally:
        await reading.bus.stop()


async def test_what_the_client_cannot_take_ends_the_reading_aloud_and_commits_nothing_unread(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Given batches whose checksums do not fit, when they are polled, then the bus is not healthy, says why, and is stuck."""

    async def refuse(access: KafkaAccess, place: TopicPartition, offset: int, error: Exception) -> Reread:
        raise CorruptRecordException("Invalid CRC")

    monkeypatch.setattr("queuebit_runtime.bus.kafka.bus.reread", refuse)
    reading = Reading(stack.access())
    await reading.start()
    try:
        assert reading.bus.healthy()
        await reading.send(0, [Outgoing(SUBMITTED, b"key", b"x", [(OddName("xx"), b"odd")])])
        await until(lambda: not reading.bus.healthy(), "falling ill")
        assert reading.bus.stuck()
        assert "Reading of group control has ended" in caplog.text
        assert reading.seen == []
    finally:
        await reading.bus.stop(0)


async def test_a_broadcast_of_a_quiet_topic_starts_though_a_fetch_would_wait_for_a_minute(stack: Stack) -> None:
    """A broker answers what comes on one connection in its order: a fetch that waits would hold up the questions behind it."""
    namespace = f"test-{uuid4().hex[:12]}"
    await ensure_topics(stack.access(), namespace, channels=[BY_TOPIC[CONTROL]])
    settings = KafkaSettings(stack.access(), namespace, quiet_wait_ms=60_000, request_timeout_s=90.0)
    told: list[str] = []
    bus = KafkaBus(settings)
    bus.subscribe(
        reads(Collector(), topic=CONTROL, broadcast=True, from_last=(9,), caught_up=lambda: told.append("up"))
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            await bus.start()
        await until(lambda: told == ["up"])
    finally:
        await bus.stop(0)
