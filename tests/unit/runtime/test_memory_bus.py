"""What the bus in memory has beyond the port: it can be repeated, and it can be made to fail."""

from __future__ import annotations

import asyncio

import pytest

from queuebit_contracts.channels import CONTROL, SUBMITTED
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import BusError, Delivery, Outgoing, Subscription
from tests.fakes.moved_clock import MovedClock, settle


def say(number: int) -> Outgoing:
    return Outgoing(SUBMITTED, f"key-{number % 5}".encode(), str(number).encode(), [])


async def a_run(seed: int) -> list[tuple[str, str | None, float]]:
    """Two members, failing handlers, one that crashes: everything that was delivered, to whom and when."""
    clock = MovedClock()
    broker = MemoryBroker(clock, seed=seed)
    seen: list[tuple[str, str | None, float]] = []

    def a_member(name: str) -> MemoryBus:
        async def handle(delivery: Delivery) -> None:
            values = [(record.value or b"").decode() for record in delivery.records]
            seen.extend((name, value, clock.monotonic_s()) for value in values)
            if broker.random.random() < 0.3:
                raise ValueError("not now")
            delivery.done_all()

        bus = MemoryBus(broker)
        bus.subscribe(Subscription((SUBMITTED,), "g", handle, batch_max=3))
        return bus

    first, second = a_member("first"), a_member("second")
    await first.start()
    await first.publish([say(number) for number in range(20)])
    await clock.advance(0.3)
    start = asyncio.ensure_future(second.start())
    await clock.advance(5)
    await start
    await second.publish([say(number) for number in range(20, 40)])
    await clock.advance(1)
    crash = asyncio.ensure_future(first.crash())
    await clock.advance(60)
    await crash
    assert broker.lag("g", SUBMITTED) == 0
    stop = asyncio.ensure_future(second.stop())
    await clock.advance(20)
    await stop
    return seen


async def test_the_same_calls_and_seed_give_the_same_deliveries() -> None:
    first = await a_run(7)
    assert {value for _, value, _ in first} == {str(number) for number in range(40)}
    assert first == await a_run(7)
    assert first != await a_run(8)


async def test_it_can_lose_an_acknowledgement_or_the_records() -> None:
    clock = MovedClock()
    broker = MemoryBroker(clock)
    bus = MemoryBus(broker)
    await bus.start()
    broker.fail_publishes(1)
    broker.fail_publishes(1, written=True)
    with pytest.raises(BusError):
        await bus.publish([say(1)])
    assert broker.records(SUBMITTED) == []
    with pytest.raises(BusError):
        await bus.publish([say(2)])
    await bus.publish([say(3)])
    assert sorted(record.value or b"" for record in broker.records(SUBMITTED)) == [b"2", b"3"]


async def test_it_can_deliver_again_what_was_done() -> None:
    clock = MovedClock()
    broker = MemoryBroker(clock)
    bus = MemoryBus(broker)
    seen: list[bytes | None] = []

    async def handle(delivery: Delivery) -> None:
        seen.extend(record.value for record in delivery.records)
        delivery.done_all()

    bus.subscribe(Subscription((SUBMITTED,), "g", handle))
    await bus.start()
    await bus.publish([say(0), say(5)])
    await clock.advance(1)
    partition = broker.records(SUBMITTED)[0].partition
    assert broker.committed("g", SUBMITTED, partition) == 2
    broker.redeliver("g", SUBMITTED, partition, 1)
    await settle()
    assert seen == [b"0", b"5", b"5"]
    await bus.stop(0)


async def test_it_commits_now_and_then_so_a_crash_repeats_what_was_done_last() -> None:
    clock = MovedClock()
    broker = MemoryBroker(clock)
    first, second = MemoryBus(broker), MemoryBus(broker)
    seen: list[bytes | None] = []

    async def handle(delivery: Delivery) -> None:
        seen.extend(record.value for record in delivery.records)
        delivery.done_all()

    for bus in (first, second):
        bus.subscribe(Subscription((SUBMITTED,), "g", handle))
    await first.start()
    await first.publish([say(0)])
    await settle()
    await first.crash()
    assert broker.lag("g", SUBMITTED) == 1
    await second.start()
    await clock.advance(1)
    assert seen == [b"0", b"0"]
    assert broker.lag("g", SUBMITTED) == 0
    await second.stop(0)


async def test_a_broadcast_begins_with_the_first_record_of_its_age() -> None:
    clock = MovedClock()
    broker = MemoryBroker(clock)
    writer, late = MemoryBus(broker), MemoryBus(broker)
    await writer.start()
    for number in range(10):
        await writer.publish([Outgoing(CONTROL, b"k", str(number).encode(), [])])
        await clock.advance(10)
    seen: list[bytes | None] = []

    async def handle(delivery: Delivery) -> None:
        seen.extend(record.value for record in delivery.records)
        delivery.done_all()

    late.subscribe(Subscription((CONTROL,), "g", handle, broadcast=True, from_age_s=35.0))
    await late.start()
    await settle()
    assert seen == [b"7", b"8", b"9"]
    await asyncio.gather(writer.stop(0), late.stop(0))


async def test_large_records_in_flight_are_bounded_in_bytes() -> None:
    """Given a handler that keeps what it gets, when large records come, then so many bytes are held, until half are done."""
    clock = MovedClock()
    bus = MemoryBus(MemoryBroker(clock))
    held: list[tuple[Delivery, int]] = []

    async def handle(delivery: Delivery) -> None:
        held.extend((delivery, place) for place in range(len(delivery.records)))

    bus.subscribe(Subscription((SUBMITTED,), "g", handle, batch_max=1, in_flight_bytes_max=400_000))
    await bus.start()
    await bus.publish([Outgoing(SUBMITTED, b"key", b"x" * 100_000, []) for _ in range(10)])
    await clock.advance(1)
    assert len(held) == 4

    for delivery, place in held[:1]:
        delivery.done(delivery.records[place])
    await clock.advance(1)
    assert len(held) == 4
    for delivery, place in held[1:]:
        delivery.done(delivery.records[place])
    await clock.advance(1)
    assert len(held) == 8

    for delivery, place in held:
        delivery.done(delivery.records[place])
    await clock.advance(1)
    assert len(held) == 10
    stop = asyncio.ensure_future(bus.stop())
    await clock.advance(20)
    await stop
