"""What a group does when members come and go, on every bus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from queuebit_contracts.channels import CONTROL, SUBMITTED, dead_letter
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_runtime.bus.dead_letters import burial
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.outage import OutageLimit
from queuebit_runtime.bus.dead_letters.sequences import Sequences
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.port import Bus, Outgoing, Record
from tests.contract.bus.bus_under_test import BusUnderTest, Collector, a_question, reads, say, until, until_committed


def read(collectors: list[Collector]) -> list[Record]:
    return [record for collector in collectors for record in collector.records]


async def test_it_shares_the_partitions_between_two_members(world: BusUnderTest) -> None:
    """Given two members of a group, when many keys are published, then both read some, and nothing is lost."""
    seen = [Collector(), Collector()]
    members = [world.member(), world.member()]
    for member, collector in zip(members, seen, strict=True):
        member.subscribe(reads(collector))
        await member.start()
    count = 0
    while not all(collector.records for collector in seen) or len({each.partition for each in read(seen)}) < 4:
        assert count < 200
        await members[0].publish([say(f"key-{number}", str(number)) for number in range(count, count + 10)])
        count += 10
        await asyncio.sleep(0.1)
    await until_committed(world, "readers", SUBMITTED, count)
    assert {record.value for record in read(seen)} == {str(number).encode() for number in range(count)}


async def test_it_gives_the_undone_work_of_a_member_that_leaves_to_another(world: BusUnderTest) -> None:
    """Given a member that holds a record, when it leaves in good order, then its undone record goes to the other."""
    held, seen = Collector(done=False), Collector()
    leaving, staying = world.member(), world.member()
    leaving.subscribe(reads(held))
    staying.subscribe(reads(seen))
    await leaving.start()
    await leaving.publish([say("a", "1"), say("a", "2")])
    await until(lambda: held.values == [b"1", b"2"])
    delivery, record = held.of(b"1")
    delivery.done(record)
    start = asyncio.ensure_future(staying.start())
    await leaving.stop(0.2)
    await start
    await until(lambda: b"2" in seen.values)
    assert await until_committed(world, "readers", SUBMITTED, 2)


async def test_it_waits_for_work_in_flight_before_it_leaves(world: BusUnderTest) -> None:
    held = Collector(done=False)
    bus = world.member()
    bus.subscribe(reads(held))
    await bus.start()
    await bus.publish([say("a", "1")])
    await until(lambda: held.values == [b"1"])
    stop = asyncio.ensure_future(bus.stop(20.0))
    await asyncio.sleep(0.2)
    assert not stop.done()
    held.deliveries[0].done_all()
    await stop
    assert sum((await world.committed("readers", SUBMITTED)).values()) == 1


async def test_it_ignores_a_done_for_what_was_given_away(world: BusUnderTest) -> None:
    """Given a rebalance while a record is held, when the old holder says done, then nothing is committed by it."""
    held, other = Collector(done=False), Collector(done=False)
    first, second = world.member(), world.member()
    first.subscribe(reads(held))
    second.subscribe(reads(other))
    await first.start()
    await first.publish([say("a", "1")])
    await until(lambda: held.values == [b"1"])
    old, record = held.of(b"1")
    await second.start()
    await until(lambda: len(held.records) + len(other.records) == 2)
    assert not old.wanted(record)
    old.done(record)
    old.done_all()
    await asyncio.sleep(0.5)
    assert await world.committed("readers", SUBMITTED) == {}
    holder = other if other.records else held
    holder.deliveries[-1].done_all()
    await until_committed(world, "readers", SUBMITTED, 1)


async def test_it_puts_poison_into_the_dead_letters_and_goes_on(world: BusUnderTest) -> None:
    """Given sound and unsound records of one key, then the sound ones arrive in order and the others lie aside with reasons."""
    seen: list[Item] = []
    dead = Collector()
    bus = world.member()

    async def handle(items: object) -> None:
        seen.extend(items)  # type: ignore[arg-type]

    letters = DeadLetters(bus, group="control-plane", consumer="control-plane", clock=world.clock)
    hear_dead_letters(bus, [letters], "control")
    subscribe_decoded(bus, topics=(SUBMITTED,), group="control", letters=letters, handle=handle)
    bus.subscribe(reads(dead, topic=dead_letter("control-plane")))
    await bus.start()
    sound = [a_question(number) for number in (1, 2, 3)]
    unknown = [(name, b"io.queuebit.Nothing.v1" if name == "ce_type" else value) for name, value in sound[0].headers]
    poison = [
        Outgoing(SUBMITTED, b"job", b"\xff not JSON", []),
        Outgoing(SUBMITTED, b"job", sound[0].value, unknown),
        Outgoing(SUBMITTED, b"job", b"{}", sound[0].headers),
    ]
    await bus.publish([sound[0], poison[0], sound[1], poison[1], poison[2], sound[2]])
    await until(lambda: len(seen) == 3 and len(dead.records) == 3)
    assert [item.envelope.id.int for item in seen if isinstance(item, Received)] == [1, 2, 3]
    assert sorted(dead.values) == sorted(record.value for record in poison)
    codes = {dict(record.headers)["qb_error_code"] for record in dead.records}
    assert codes == {b"malformed_envelope", b"unknown_type", b"invalid_data"}
    await until_committed(world, "control", SUBMITTED, 6)


async def test_a_member_that_starts_knows_old_letters_from_a_copy(
    world: BusUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given many more letters than a start reads, then what follows the first of them waits behind it all the same."""
    monkeypatch.setattr(burial, "KEPT_EVERY", 20)
    monkeypatch.setattr(burial, "READ_LAST", (80,))
    first = world.member()
    _sets_aside(first, world, [])
    await first.start()
    for number in range(0, 200, 10):
        await first.publish(
            [Outgoing(CONTROL, b"key-%d" % each, b"no JSON", []) for each in range(number, number + 10)]
        )
    await until_committed(world, "control-plane", CONTROL, 200)
    await first.stop()
    heard, seen = list[int](), list[Item]()
    hear = Sequences.hear

    def noted(self: Sequences, record: Record) -> None:
        heard.append(record.offset)
        hear(self, record)

    monkeypatch.setattr(Sequences, "hear", noted)
    second = world.member()
    _sets_aside(second, world, seen)
    dead = Collector()
    second.subscribe(reads(dead, topic=dead_letter("control-plane"), broadcast=True))
    await second.start()
    cancel = {number: _cancel(number) for number in (0, 199, 300)}

    await second.publish([cancel[number]._replace(key=b"key-%d" % number) for number in cancel])
    await until(lambda: len(seen) == 1 and len(dead.records) == 2)

    assert [item.envelope.id.int for item in seen if isinstance(item, Received)] == [300]
    assert {record.key for record in dead.records} == {b"key-0", b"key-199"}
    assert all("qb_behind" in dict(record.headers) for record in dead.records)
    assert min(heard) >= 200 - 80


def _sets_aside(bus: Bus, world: BusUnderTest, seen: list[Item]) -> None:
    async def handle(items: Sequence[Item]) -> None:
        seen.extend(items)

    poison = OutageLimit(alike_max=1000)
    letters = DeadLetters(bus, group="control-plane", consumer="control-plane", clock=world.clock, limit=poison)
    hear_dead_letters(bus, [letters], "control")
    subscribe_decoded(bus, topics=(CONTROL,), group="control-plane", letters=letters, handle=handle)


def _cancel(number: int) -> Outgoing:
    data = CancelJob(actor="acme", reason="changed my mind")
    envelope = Envelope(UUID(int=number), "/upstream", str(UUID(int=7)), datetime(2026, 1, 1, tzinfo=UTC), data, "acme")
    return Outgoing(CONTROL, b"", encode_data(data), encode_headers(envelope))
