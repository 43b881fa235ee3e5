"""What delivery and done mean, on every bus."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from queuebit_contracts.channels import CONTROL, RECORD_BYTES_MAX, SUBMITTED
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import BusError, Delivery, Outgoing, RecordTooLarge
from tests.contract.bus.bus_under_test import (
    DEADLINE_S,
    BusUnderTest,
    Collector,
    Member,
    reads,
    say,
    until,
    until_committed,
)


async def test_it_delivers_records_as_they_were_published_in_the_order_of_each_key(world: BusUnderTest) -> None:
    """Given a reader, when records of several keys are published, then each key arrives in order, whole."""
    seen = Collector()
    bus = world.member()
    bus.subscribe(reads(seen))
    await bus.start()
    await bus.publish([say(f"key-{number % 7}", str(number)) for number in range(200)])
    await until(lambda: len(seen.records) == 200)
    for key in range(7):
        expected = [str(number).encode() for number in range(200) if number % 7 == key]
        assert [record.value for record in seen.records if record.key == f"key-{key}".encode()] == expected
    first = seen.records[0]
    assert (first.topic, first.headers) == (SUBMITTED, (("about", b"test"),))


async def test_it_delivers_what_was_published_before_the_group_first_came(world: BusUnderTest) -> None:
    writer = world.member()
    await writer.start()
    await writer.publish([say("a", "early")])
    seen = Collector()
    late = world.member()
    late.subscribe(reads(seen))
    await late.start()
    await until(lambda: seen.values == [b"early"])


async def test_it_keeps_the_order_of_each_key_when_publishes_run_at_once(world: BusUnderTest) -> None:
    """Given many publishes in flight, then within each of them a key's records stay in order, and so do the calls."""
    seen = Collector()
    bus = world.member()
    bus.subscribe(reads(seen))
    await bus.start()
    await bus.publish([say("warm", "up")])
    await asyncio.gather(
        *(
            bus.publish([say("one", f"{call}"), say(f"other-{call}", "x"), say("one", f"{call}+")])
            for call in range(100)
        )
    )
    await until(lambda: len(seen.records) == 301)
    expected = [value for call in range(100) for value in (f"{call}".encode(), f"{call}+".encode())]
    assert [record.value for record in seen.records if record.key == b"one"] == expected


async def test_it_delivers_again_after_a_crash_before_done(world: BusUnderTest) -> None:
    held = Collector(done=False)
    first = world.member()
    first.subscribe(reads(held))
    await first.start()
    await first.publish([say("a", "1"), say("a", "2")])
    await until(lambda: held.values == [b"1", b"2"])
    await first.crash()
    seen = Collector()
    second = world.member()
    second.subscribe(reads(seen))
    await second.start()
    await until(lambda: seen.values == [b"1", b"2"])


async def test_it_does_not_deliver_again_what_was_done_before_a_clean_stop(world: BusUnderTest) -> None:
    seen = Collector()
    first = world.member()
    first.subscribe(reads(seen))
    await first.start()
    await first.publish([say("a", "1")])
    await until(lambda: seen.values == [b"1"])
    await first.stop()
    again = Collector()
    second = world.member()
    second.subscribe(reads(again))
    await second.start()
    await second.publish([say("a", "2")])
    await until(lambda: bool(again.records))
    assert again.values == [b"2"]


async def test_it_never_commits_past_work_that_is_not_done(world: BusUnderTest) -> None:
    """Given three records of a key, when the second is done, nothing is committed; when the first is, both are."""
    held = Collector(done=False)
    bus = world.member()
    bus.subscribe(reads(held))
    await bus.start()
    here = partition_of(b"a", 4)
    other = next(key for key in "bcdefgh" if partition_of(key.encode(), 4) != here)
    await bus.publish([say("a", "1"), say("a", "2"), say("a", "3"), say(other, "elsewhere")])
    await until(lambda: sorted(held.values) == [b"1", b"2", b"3", b"elsewhere"])
    for value in (b"2", b"elsewhere"):
        delivery, record = held.of(value)
        delivery.done(record)
    there = partition_of(other.encode(), 4)
    assert await until_committed(world, "readers", SUBMITTED, 1) == {there: 1}
    delivery, record = held.of(b"1")
    delivery.done(record)
    assert await until_committed(world, "readers", SUBMITTED, 3) == {there: 1, here: 2}


async def test_it_calls_a_failing_handler_again_with_the_same_records_and_skips_none(world: BusUnderTest) -> None:
    seen: list[list[bytes | None]] = []

    async def fail_twice(delivery: Delivery) -> None:
        seen.append([record.value for record in delivery.records])
        if len(seen) <= 2:
            raise ValueError("not yet")
        delivery.done_all()

    bus = world.member()
    bus.subscribe(reads(fail_twice))  # type: ignore[arg-type]
    await bus.start()
    await bus.publish([say("a", "1"), say("a", "2")])
    await until_committed(world, "readers", SUBMITTED, 2)
    assert seen[0] == seen[1] == seen[2]
    assert [value for batch in seen[2:] for value in batch] == [b"1", b"2"]


async def test_it_calls_a_failing_handler_again_only_with_what_is_not_done(world: BusUnderTest) -> None:
    seen: list[list[bytes | None]] = []

    async def half(delivery: Delivery) -> None:
        seen.append([record.value for record in delivery.records])
        delivery.done(delivery.records[0])
        if len(delivery.records) > 1:
            raise ValueError("the second not yet")

    bus = world.member()
    bus.subscribe(reads(half))  # type: ignore[arg-type]
    await bus.start()
    await bus.publish([say("a", "1"), say("a", "2")])
    await until_committed(world, "readers", SUBMITTED, 2)
    assert seen in ([[b"1", b"2"], [b"2"]], [[b"1"], [b"2"]])


async def test_it_hands_over_the_next_batch_while_one_is_handled_but_no_more_than_may_overlap(
    world: BusUnderTest,
) -> None:
    """Given two deliveries may overlap and none returns, then a third waits, and nothing unfinished is committed."""
    begun: list[bytes | None] = []
    gate = asyncio.Event()

    async def wait(delivery: Delivery) -> None:
        begun.extend(record.value for record in delivery.records)
        await gate.wait()
        delivery.done_all()

    bus = world.member()
    bus.subscribe(reads(wait, batch_max=1, overlap=2))  # type: ignore[arg-type]
    await bus.start()
    await bus.publish([say("a", str(number)) for number in range(4)])
    await until(lambda: len(begun) == 2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(until(lambda: len(begun) > 2), 0.2)
    assert await world.committed("readers", SUBMITTED) == {}
    gate.set()
    await until_committed(world, "readers", SUBMITTED, 4)
    assert begun == [b"0", b"1", b"2", b"3"]


async def test_it_pauses_at_the_bound_of_what_is_in_flight_and_goes_on_when_half_is_done(world: BusUnderTest) -> None:
    held = Collector(done=False)
    bus = world.member()
    bus.subscribe(reads(held, batch_max=4, in_flight_max=8))
    await bus.start()
    await bus.publish([say("a", str(number)) for number in range(40)])
    await until(lambda: len(held.records) == 8)
    await asyncio.sleep(1.0)
    assert len(held.records) == 8
    for record in held.records[:4]:
        held.deliveries[0 if record in held.deliveries[0].records else 1].done(record)
    await until(lambda: len(held.records) > 8)
    while len(held.records) < 40:
        for delivery in held.deliveries:
            delivery.done_all()
        await asyncio.sleep(0.01)
    for delivery in held.deliveries:
        delivery.done_all()
    assert held.values == [str(number).encode() for number in range(40)]
    await until_committed(world, "readers", SUBMITTED, 40)


async def test_it_lets_every_instance_read_a_broadcast_from_the_moment_it_starts(world: BusUnderTest) -> None:
    writer = world.member()
    await writer.start()
    await writer.publish([say("a", "before", CONTROL)])
    seen = [Collector(), Collector()]
    for collector in seen:
        bus = world.member()
        bus.subscribe(reads(collector, topic=CONTROL, broadcast=True))
        await bus.start()
    await writer.publish([say(f"key-{number}", str(number), CONTROL) for number in range(20)])
    for collector in seen:
        await until(lambda collector=collector: len(collector.records) == 20)  # type: ignore[misc]
        assert sorted(collector.values) == sorted(str(number).encode() for number in range(20))
    assert await world.committed("readers", CONTROL) == {}


async def test_a_broadcast_from_the_start_reads_what_is_there_already(world: BusUnderTest) -> None:
    writer, late, seen = world.member(), world.member(), Collector()
    await writer.start()
    await writer.publish([say("a", "before", CONTROL)])
    late.subscribe(reads(seen, topic=CONTROL, broadcast=True, from_start=True))
    await late.start()

    await writer.publish([say("b", "after", CONTROL)])

    await until(lambda: len(seen.records) == 2)
    assert sorted(seen.values) == [b"after", b"before"]


@pytest.mark.parametrize(("age_s", "expected"), [(3600.0, 300), (0.0, 0)])
async def test_a_broadcast_goes_back_as_far_as_it_says_and_tells_when_it_has_caught_up(
    world: BusUnderTest, age_s: float, expected: int
) -> None:
    writer, late, seen, told = world.member(), world.member(), Collector(), list[int]()
    await writer.start()
    await writer.publish([say(f"key-{number}", str(number), CONTROL) for number in range(300)])

    def caught_up() -> None:
        told.append(len(seen.records))

    late.subscribe(reads(seen, topic=CONTROL, broadcast=True, batch_max=20, from_age_s=age_s, caught_up=caught_up))
    await late.start()
    await until(lambda: bool(told))
    assert told == [expected]

    await writer.publish([say("a", "after", CONTROL)])
    await until(lambda: b"after" in seen.values)
    assert (len(seen.records), told) == (expected + 1, [expected])


@pytest.mark.parametrize("enough", [1, 2, 3])
async def test_a_broadcast_reads_the_last_records_and_all_where_those_are_not_enough(
    world: BusUnderTest, enough: int
) -> None:
    """Given a topic that has more, then it is asked whether the last few do, and after those whether some more do; others come
    after what was there.
    """
    writer, late, seen, told = world.member(), world.member(), Collector(), list[object]()
    await writer.start()
    await writer.publish([say("key", str(number), CONTROL) for number in range(90)])

    def further(cut: Collection[str]) -> Collection[str]:
        told.append(set(cut))
        return () if len(told) == enough else cut

    def caught_up() -> None:
        told.append(len(seen.records))

    late.subscribe(
        reads(
            seen, topic=CONTROL, broadcast=True, from_start=True, batch_max=20, from_last=(30, 50), further=further,
            caught_up=caught_up,
        )
    )  # fmt: skip
    await late.start()
    await until(lambda: len(told) == enough + 1)
    await writer.publish([say("key", "after", CONTROL)])
    await until(lambda: b"after" in seen.values)

    read = [str(number).encode() for begin in (60, 40, 0)[:enough] for number in range(begin, 90)]
    assert seen.values == [*read, b"after"]
    assert told == [*[{CONTROL}, {CONTROL}, set[str]()][:enough], len(read)]


async def test_a_broadcast_that_reads_the_last_records_of_few_left_none_out(world: BusUnderTest) -> None:
    told: list[set[str]] = []
    bus, seen = world.member(), Collector()

    def further(cut: Collection[str]) -> Collection[str]:
        told.append(set(cut))
        return [CONTROL]

    bus.subscribe(reads(seen, topic=CONTROL, broadcast=True, from_start=True, from_last=(30,), further=further))
    await bus.start()
    await bus.publish([say("key", "after", CONTROL)])
    await until(lambda: seen.values == [b"after"] and told == [set()])


async def test_a_broadcast_of_an_empty_topic_has_caught_up_at_once(world: BusUnderTest) -> None:
    told: list[str] = []
    bus = world.member()
    bus.subscribe(
        reads(Collector(), topic=CONTROL, broadcast=True, from_age_s=9.0, caught_up=lambda: told.append("up"))
    )
    await bus.start()
    await until(lambda: told == ["up"])


async def test_it_refuses_a_record_that_is_too_large_and_goes_on(world: BusUnderTest) -> None:
    seen = Collector()
    bus = world.member()
    bus.subscribe(reads(seen))
    await bus.start()
    with pytest.raises(RecordTooLarge):
        await bus.publish([Outgoing(SUBMITTED, b"a", b"x" * (RECORD_BYTES_MAX * 2), [])])
    await bus.publish([Outgoing(SUBMITTED, b"a", b"x" * RECORD_BYTES_MAX, []), say("a", "small")])
    await until(lambda: len(seen.records) == 2)
    assert [len(value) for value in seen.values] == [RECORD_BYTES_MAX, 5]


async def test_it_refuses_to_publish_when_it_does_not_run(world: BusUnderTest) -> None:
    bus = world.member()
    with pytest.raises(BusError):
        await bus.publish([say("a", "1")])


async def test_it_is_healthy_while_it_runs(world: BusUnderTest) -> None:
    bus = world.member()
    bus.subscribe(reads(Collector()))
    await bus.start()
    assert bus.healthy()
    await bus.stop()
    assert not bus.healthy()


async def test_it_knows_how_much_a_group_has_not_done_also_while_it_takes_no_more(world: BusUnderTest) -> None:
    """Given a reader that is full, when more is published, then its lag grows; it shrinks as records are done."""
    seen = Collector(done=False)
    bus = world.member()
    bus.subscribe(reads(seen, in_flight_max=2, batch_max=2))
    await bus.start()
    place = ("readers", SUBMITTED)
    for count in (3, 9):
        await bus.publish([say("a", str(number)) for number in range(count)])
        expected = 3 if count == 3 else 12
        await lag_is(bus, place, expected)
    delivery = seen.deliveries[0]
    delivery.done(delivery.records[0])
    await lag_is(bus, place, 11)
    await bus.stop(0)


async def lag_is(bus: Member, place: tuple[str, str], expected: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while bus.lags().get(place) != expected:
            await bus.probe()
            await asyncio.sleep(0.01)
