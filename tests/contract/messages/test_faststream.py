"""A service written with FastStream asks and acts on a real broker, by that library's public seams alone."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from queuebit_client.faststream import Unreadable, as_message, event_decoder, event_parser
from queuebit_contracts.channels import SUBMITTED
from queuebit_contracts.envelope import Envelope, decode
from queuebit_contracts.events import JobSubmitted
from queuebit_devstack.stack import Stack
from queuebit_workbench.demo.wire import broker_of
from tests.contract.bus.bus_under_test import a_question, until


async def a_topic(stack: Stack) -> str:
    name = f"faststream-{uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()
    return name


def heard_by(broker: KafkaBroker, topic: str, group: str) -> list[Envelope | Unreadable]:
    """What a subscriber is called with, from now on."""
    heard: list[Envelope | Unreadable] = []

    @broker.subscriber(
        topic,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        parser=event_parser,
        decoder=event_decoder,
    )
    async def on_event(event: Envelope | Unreadable) -> None:
        heard.append(event)

    return heard


async def test_it_hears_messages_whole_and_is_told_what_cannot_be_read(stack: Stack) -> None:
    """Given foreign headers, poison and messages of ours, then each is told in order, and the group stands behind them."""
    topic = await a_topic(stack)
    question = a_question(7)
    sent = [
        (question.value, [*question.headers, ("x-trace", b"\xff\xfe")]),
        (b"what is this", [("x-trace", b"\xff\xfe")]),
        (question.value, question.headers),
    ]
    async with AIOKafkaProducer(**stack.client()) as producer:
        for value, headers in sent:
            await producer.send_and_wait(topic, value, key=b"job", headers=headers)
    async with broker_of(stack.access()) as broker:
        heard = heard_by(broker, topic, f"g-{topic}")
        await broker.start()
        await until(lambda: len(heard) == 3, "hearing all")

    expected = decode(question.headers, question.value)
    assert (heard[0], heard[2]) == (expected, expected)
    poison = heard[1]
    assert isinstance(poison, Unreadable)
    assert (poison.topic, poison.offset, poison.value, poison.error.code) == (
        topic, 1, b"what is this", "malformed_envelope",
    )  # fmt: skip


async def test_what_it_asks_is_read_as_it_was_meant(stack: Stack) -> None:
    topic = await a_topic(stack)
    question = a_question(8)
    asked = decode(question.headers, question.value)
    async with broker_of(stack.access()) as broker:
        heard = heard_by(broker, topic, f"g-{topic}")
        await broker.start()
        await asyncio.gather(*(broker.publish(**as_message(asked), topic=topic) for _ in range(2)))
        await until(lambda: len(heard) == 2, "hearing it")

    assert heard == [asked, asked]
    assert (type(asked.data), asked.id, SUBMITTED) == (JobSubmitted, UUID(int=8), question.topic)
