"""A batch is several messages in one record: each is handled alone, and the record is done when all of them are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.channels import EXECUTIONS, SUBMITTED, dead_letter
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers, to_structured
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_runtime.bus.dead_letters.burial import DeadLetters
from queuebit_runtime.bus.decoding import Item, Received, Refused, subscribe_open
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Outgoing, Record
from tests.fakes.moved_clock import START, MovedClock

BATCH = [("Content-Type", b"Application/CloudEvents-Batch+JSON; charset=utf-8")]
DEAD = dead_letter("control-plane")


def asked(number: int) -> Envelope:
    data = JobSubmitted(request=JobRequest(tenant="acme", problem=Problem(kind="maxcut", statement={"nodes": 2})))
    return Envelope(UUID(int=number), "/upstream", f"order-{number}", START, data, "acme")


def a_batch(*events: Any, headers: list[tuple[str, bytes]] = BATCH, topic: str = SUBMITTED) -> Outgoing:
    documents = [to_structured(each) if isinstance(each, Envelope) else each for each in events]
    return Outgoing(topic, b"key", b" \n" + orjson.dumps(documents), headers)


def a_single(number: int) -> Outgoing:
    envelope = asked(number)
    return Outgoing(SUBMITTED, b"key", encode_data(envelope.data), encode_headers(envelope))


class OneReader:
    """One partition of the entrance, its reader, and what was handled."""

    def __init__(self, *, batch_max: int = 500) -> None:
        self.clock = MovedClock()
        self.broker = MemoryBroker(self.clock, partitions={SUBMITTED: 1})
        self.bus = MemoryBus(self.broker)
        self.handled: list[tuple[Sequence[Item], Delivery]] = []
        self.failures = 0
        self.letters = DeadLetters(self.bus, group="control-plane", consumer="control-plane", clock=self.clock)
        self.letters.known()
        subscribe_open(
            self.bus,
            self._handle,
            topics=(SUBMITTED, EXECUTIONS),
            group="g",
            letters=self.letters,
            refusals=True,
            batch_max=batch_max,
        )

    async def _handle(self, items: Sequence[Item], delivery: Delivery) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.handled.append((items, delivery))

    async def read(self, *records: Outgoing) -> None:
        self.broker.append(records)
        await self.bus.start()
        await self.clock.advance(5.0)

    @property
    def committed(self) -> int:
        return self.broker.committed("g", SUBMITTED, 0)

    @property
    def items(self) -> list[Item]:
        return [item for items, _ in self.handled for item in items]

    def numbers(self) -> list[int]:
        return [item.envelope.id.int for item in self.items if isinstance(item, Received)]


def dead_letters(world: OneReader) -> list[Record]:
    return world.broker.records(DEAD)


async def test_every_event_of_a_batch_is_a_message_of_its_own() -> None:
    world = OneReader()
    await world.read(a_single(1), a_batch(asked(2), asked(3)), a_single(4))

    assert [item.envelope for item in world.items if isinstance(item, Received)] == [asked(n) for n in (1, 2, 3, 4)]
    assert [item.record.part for item in world.items] == [None, 0, 1, None]
    assert dead_letters(world) == []
    await world.bus.stop(0)


async def test_a_record_is_done_when_all_of_its_events_are() -> None:
    world = OneReader()
    await world.read(a_batch(asked(1), asked(2)), a_single(3))
    ((items, delivery),) = world.handled
    first, second, third = (item.record for item in items)

    done: list[int] = []
    for record in (third, second, second, first):
        delivery.done(record)
        await world.clock.advance(1.0)
        done.append(world.committed)

    assert done == [0, 0, 0, 2]
    assert not delivery.wanted(first)
    await world.bus.stop(0)


async def test_what_is_done_of_a_batch_is_not_wanted_and_the_rest_is() -> None:
    world = OneReader()
    await world.read(a_batch(asked(1), asked(2)))
    ((items, delivery),) = world.handled

    delivery.done(items[0].record)

    assert [delivery.wanted(item.record) for item in items] == [False, True]
    delivery.done_all()
    await world.clock.advance(1.0)
    assert world.committed == 1
    await world.bus.stop(0)


async def test_a_bad_event_spoils_no_other_and_all_bad_ones_are_kept_in_one_dead_letter() -> None:
    """Given a batch with two events that cannot be read and one that is refused, then the others are handled."""
    unsound = {**to_structured(asked(2)), "id": ""}
    refused = {**to_structured(asked(3)), "data": {"request": {}}}
    world = OneReader()
    await world.read(a_batch(asked(1), unsound, refused, 7, asked(4)))

    assert world.numbers() == [1, 4]
    assert [item.id.int for item in world.items if isinstance(item, Refused)] == [3]
    (letter,) = dead_letters(world)
    headers = dict(letter.headers)
    assert orjson.loads(letter.value or b"") == [unsound, 7]
    assert {name: headers[name] for name in ("content-type", "qb_unreadable_events", "__dlq.errors.offset")} == {
        "content-type": b"application/cloudevents-batch+json",
        "qb_unreadable_events": b"2",
        "__dlq.errors.offset": b"0",
    }
    assert headers["qb_error_detail"] == b"id is missing."
    assert world.letters.total == 1
    world.handled[0][1].done_all()
    await world.clock.advance(1.0)
    assert world.committed == 1
    await world.bus.stop(0)


async def test_one_bad_event_alone_is_kept_as_a_message_in_structured_mode() -> None:
    unsound = {**to_structured(asked(2)), "type": "io.queuebit.JobStarted.v1"}
    world = OneReader()
    await world.read(a_batch(asked(1), unsound))

    (letter,) = dead_letters(world)
    assert orjson.loads(letter.value or b"") == unsound
    assert dict(letter.headers)["content-type"] == b"application/cloudevents+json"
    await world.bus.stop(0)


async def test_an_empty_batch_is_done_and_too_large_a_one_is_poison_as_a_whole() -> None:
    world = OneReader()
    many = a_batch(*[asked(1)] * 101)
    await world.read(a_batch(), many, a_batch(asked(2)))

    (letter,) = dead_letters(world)
    assert (letter.value, dict(letter.headers)["qb_error_code"]) == (many.value, b"malformed_envelope")
    assert world.numbers() == [2]
    for _, delivery in world.handled:
        delivery.done_all()
    await world.clock.advance(1.0)
    assert world.committed == 3
    await world.bus.stop(0)


async def test_a_batch_is_read_only_where_outsiders_write() -> None:
    world = OneReader()
    await world.read(a_batch(asked(1), topic=EXECUTIONS))
    (letter,) = dead_letters(world)
    assert dict(letter.headers)["qb_error_code"] == b"malformed_envelope"
    assert world.items == []
    await world.bus.stop(0)


async def test_batches_make_no_visit_larger_than_a_batch_more_and_a_failed_one_comes_again() -> None:
    """Given deliveries of at most 4 records, then no call has more than 3 messages and one batch of them."""
    world = OneReader(batch_max=4)
    world.failures = 1
    await world.read(*(a_batch(*[asked(3 * number + each) for each in (1, 2, 3)]) for number in range(4)))

    assert world.numbers() == list(range(1, 13))
    assert [len(items) for items, _ in world.handled] == [6, 6]
    for _, delivery in world.handled:
        delivery.done_all()
    await world.clock.advance(1.0)
    assert world.committed == 4
    await world.bus.stop(0)


@pytest.mark.parametrize("count", [1, 100])
async def test_a_small_batch_of_nothing_grows_into_one_small_dead_letter(count: int) -> None:
    world = OneReader()
    batch = a_batch(*[0] * count, headers=[*BATCH, ("x-large", b"x" * 5000)])
    await world.read(batch)

    (letter,) = dead_letters(world)
    size = len(letter.value or b"") + sum(len(name) + len(value) for name, value in letter.headers)
    assert size < len(batch.value) + 2500
    await world.bus.stop(0)


def test_the_envelope_of_a_part_is_what_its_writer_said() -> None:
    record = Record(
        SUBMITTED,
        0,
        0,
        b"",
        orjson.dumps(to_structured(asked(1))),
        (("content-type", b"application/cloudevents+json"),),
    )
    assert decode(record.headers, record.value) == asked(1)
