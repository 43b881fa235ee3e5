"""Records that nobody can take, each with a mark in its headers by which its dead letter is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from uuid import UUID

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_contracts import channels
from queuebit_contracts.envelope import Headers, binary_headers, rfc3339
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import SystemIds

MARK = "x-poison"
READ_BY: dict[str, tuple[str, ...]] = {
    channels.SUBMITTED: ("control-plane",),
    channels.EXECUTIONS: ("control-plane", "result-validation"),
    channels.VALIDATIONS: ("control-plane",),
    channels.queued("classical", "interactive"): ("classical-solver.interactive",),
}
"""Where poison is put, and the groups that each find it."""


def _bad_json(headers: Headers) -> tuple[Headers, bytes | None]:
    return headers, b'{"attempt_id": '


def _nothing(headers: Headers) -> tuple[Headers, bytes | None]:
    return headers, None


def _bad_utf8(headers: Headers) -> tuple[Headers, bytes | None]:
    return [*((name, b"\xff\xfe" if name == "ce_subject" else value) for name, value in headers)], b"{}"


def _huge(headers: Headers) -> tuple[Headers, bytes | None]:
    return headers, b"\x00" * 1_500_000


SHAPES: tuple[Callable[[Headers], tuple[Headers, bytes | None]], ...] = (_bad_json, _nothing, _bad_utf8, _huge)


async def put_poison(producer: AIOKafkaProducer, clock: Clock, topic: str, chance: random.Random) -> Sequence[str]:
    """One record of each shape on a topic, in any order; their marks."""
    ids = SystemIds(clock)
    marks = []
    for shape in chance.sample(SHAPES, len(SHAPES)):
        mark = ids.mint()
        headers, value = shape(_headers(topic, mark, rfc3339(clock.now())))
        await producer.send_and_wait(
            topic, value, key=str(mark).encode(), headers=[*headers, (MARK, mark.hex.encode())]
        )
        marks.append(mark.hex)
    return marks


def _headers(topic: str, event_id: UUID, time: bytes) -> Headers:
    """As an honest record of the topic has them."""
    name = channels.BY_TOPIC[topic].messages[0].__name__
    return binary_headers(
        event_id,
        "/queuebit/chaos",
        f"io.queuebit.{name}.v1".encode(),
        str(event_id),
        time,
        tenant="dev",
        version=None,
        traceparent=None,
    )
