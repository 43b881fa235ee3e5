"""What is polled where the client cannot unpack a batch: nothing is lost, in whichever partition it lay."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    CorruptRecordException,
    GroupAuthorizationFailedError,
    KafkaTimeoutError,
)

from queuebit_runtime.bus.kafka.polling import Poller
from queuebit_runtime.bus.kafka.unpacking import Reread
from tests.fakes.moved_clock import MovedClock

A, B, C = (TopicPartition("t", number) for number in range(3))


def record(place: TopicPartition, offset: int) -> ConsumerRecord:
    return ConsumerRecord(place.topic, place.partition, offset, 0, 0, None, b"", None, -1, 0, ())


class OddConsumer:
    """Has so many records in each partition; it fails at the odd ones, and loses what it had taken, as the client does."""

    def __init__(self, counts: dict[TopicPartition, int], odd: set[tuple[TopicPartition, int]]) -> None:
        self.counts = counts
        self.odd = odd
        self.positions = dict.fromkeys(counts, 0)
        self.committed_at: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return set(self.counts)

    def paused(self) -> set[TopicPartition]:
        return set()

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.positions[place] = offset

    async def committed(self, place: TopicPartition) -> int | None:
        return self.committed_at.get(place)

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for place in places or self.counts:
            taken = []
            for offset in range(self.positions[place], self.counts[place])[:max_records]:
                if (place, offset) in self.odd:
                    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
                taken.append(record(place, offset))
            if taken:
                self.positions[place] = taken[-1].offset + 1
                found[place] = taken
                max_records -= len(taken)
            if max_records == 0:
                break
        return found


class Again:
    """Reads the odd one and what lies behind it."""

    def __init__(self, counts: dict[TopicPartition, int]) -> None:
        self.counts = counts
        self.asked: list[tuple[TopicPartition, int]] = []

    async def __call__(self, place: TopicPartition, offset: int, error: Exception) -> Reread:
        self.asked.append((place, offset))
        end = self.counts[place]
        return Reread(tuple(record(place, each) for each in range(offset, end)), end)


async def drained(poller: Poller, polls: int = 50) -> list[tuple[TopicPartition, int]]:
    found: list[tuple[TopicPartition, int]] = []
    for _ in range(polls):
        for each in await poller.poll(0, 4):
            found.append((TopicPartition(each.topic, each.partition), each.offset))
    return found


@pytest.mark.parametrize("odd_at", [0, 2, 5])
async def test_every_record_comes_once_and_in_order_around_an_odd_one(odd_at: int) -> None:
    """Given an odd record behind a partition that the same poll has taken from, then both come whole."""
    counts = {A: 3, B: 6, C: 2}
    again = Again(counts)
    poller = Poller(OddConsumer(counts, {(B, odd_at)}), again, MovedClock())

    found = await drained(poller)

    assert {place: [at for each, at in found if each == place] for place in counts} == {
        place: list(range(count)) for place, count in counts.items()
    }
    assert [place for place, _ in again.asked] == [B]


async def test_a_partition_of_which_nothing_came_goes_on_where_the_group_stands() -> None:
    counts = {A: 5, B: 3}
    consumer = OddConsumer(counts, {(B, 1)})
    consumer.committed_at = {A: 2, B: 1}
    consumer.positions = {A: 2, B: 1}
    poller = Poller(consumer, Again(counts), MovedClock())

    assert await drained(poller) == [(A, 2), (A, 3), (A, 4), (B, 1), (B, 2)]


async def test_nothing_is_passed_over_where_the_broker_first_does_not_say_where_the_group_stands() -> None:
    """Given a broker that answers late, and more records meanwhile, then what the failed poll had taken comes all the same."""

    class Late(OddConsumer):
        refusals = 1

        async def committed(self, place: TopicPartition) -> int | None:
            self.refusals -= 1
            if self.refusals >= 0:
                raise KafkaTimeoutError
            return await super().committed(place)

    counts = {A: 2, B: 3}
    poller = Poller(Late(counts, {(B, 1)}), Again(counts), MovedClock())

    with pytest.raises(KafkaTimeoutError):
        await poller.poll(0, 4)
    counts[A] = 6

    assert await drained(poller) == [*((A, at) for at in range(6)), *((B, at) for at in range(3))]


async def test_a_reader_of_no_group_goes_on_where_it_began() -> None:
    counts = {A: 5, B: 3}
    consumer = OddConsumer(counts, {(B, 2)})
    consumer.positions = {A: 4, B: 2}
    poller = Poller(consumer, Again(counts), MovedClock())
    poller.restart({A: 4, B: 2})

    assert await drained(poller) == [(A, 4), (B, 2)]


async def test_what_was_read_again_is_forgotten_when_the_partition_was_given_away_meanwhile() -> None:
    """Given a rebalance while the odd one is read again, then its records are not given: the group may stand before them."""
    counts = {A: 1, B: 3}
    consumer = OddConsumer(counts, {(B, 0)})

    async def given_away(place: TopicPartition, offset: int, error: Exception) -> Reread:
        poller.restart()
        consumer.odd.clear()
        return Reread((record(place, 2),), 3)

    poller = Poller(consumer, given_away, MovedClock())

    assert await drained(poller) == [(A, 0), (B, 0), (B, 1), (B, 2)]


async def test_what_cannot_be_trusted_is_said_and_so_is_what_the_broker_refuses() -> None:
    counts = {A: 2}

    async def refuse(place: TopicPartition, offset: int, error: Exception) -> Reread:
        raise CorruptRecordException("Invalid CRC")

    poller = Poller(OddConsumer(counts, {(A, 0)}), refuse, MovedClock())
    with pytest.raises(CorruptRecordException):
        await drained(poller)

    class Refusing(OddConsumer):
        async def getmany(
            self, *places: TopicPartition, timeout_ms: int, max_records: int
        ) -> dict[TopicPartition, list[ConsumerRecord]]:
            raise GroupAuthorizationFailedError("g")

    with pytest.raises(GroupAuthorizationFailedError):
        await drained(Poller(Refusing(counts, set()), refuse, MovedClock()))
