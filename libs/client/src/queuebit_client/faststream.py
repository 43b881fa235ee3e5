"""For services written with FastStream: ask on Kafka and act on what Queuebit says, with checked messages on both sides.

    broker = KafkaBroker(...)

    @broker.subscriber("jobs.completed", group_id="downstream-orders", auto_offset_reset="earliest",
                       ack_policy=AckPolicy.NACK_ON_ERROR, parser=event_parser, decoder=event_decoder)
    async def on_end(event: Envelope | Unreadable) -> None: ...

    await broker.publish(**as_message(envelope), topic="jobs.submitted")

Needs the extra `queuebit[faststream]`. With `NACK_ON_ERROR` a message whose handler raises comes again; with `ACK` it would be
lost. FastStream's own parser reads every header as UTF-8, and one of somebody else that is
none would stop the subscriber; this one gives it those alone that are of the message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, TypedDict

from faststream.kafka.message import KafkaMessage
from faststream.message import StreamMessage

from queuebit_contracts.attributes import known_headers
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.errors import ContractError

Parse = Callable[[Any], Awaitable[StreamMessage[Any]]]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that keeps no contract, and where it lies: set it aside, and go on."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    error: ContractError


class Message(TypedDict):
    """What `publish` of a broker takes, but for the topic."""

    message: bytes
    key: bytes
    headers: dict[str, str]


async def event_parser(record: Any, original: Parse) -> StreamMessage[Any]:
    """A parser for `subscriber(parser=...)`: the record stays whole in `raw_message`, the message id is the event's."""
    text = copy(record)
    text.headers = tuple(_as_text(dict(record.headers)))
    message = await original(text)
    message.raw_message = record
    message.message_id = dict(text.headers).get("ce_id", message.message_id.encode()).decode()
    return message


async def event_decoder(message: KafkaMessage) -> Envelope | Unreadable:
    """A decoder for `subscriber(decoder=...)`, of one record at a time. Replays come too; they have a `replay_id`."""
    record = message.raw_message
    assert not isinstance(record, tuple), "of one record at a time: subscribe without batch=True"
    try:
        return decode(record.headers, record.value, timestamp_ms=record.timestamp)
    except ContractError as error:
        return Unreadable(
            record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers), error
        )


def as_message(envelope: Envelope) -> Message:
    """The arguments of `publish`: records of one subject stay in order."""
    return Message(
        message=encode_data(envelope.data),
        key=envelope.subject.encode(),
        headers={name: value.decode() for name, value in encode_headers(envelope)},
    )


def _as_text(headers: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Those of the message that are text."""
    found = []
    for name, value in known_headers(headers).items():
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            continue
        found.append((name, value or b""))
    return found
