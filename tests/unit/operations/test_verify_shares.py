"""Shares of a store: together they are all of it, each with its own part of the topics, and the rest is settled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

import pytest

from queuebit_contracts.channels import BY_TOPIC, LIFECYCLE, MEETING
from queuebit_operations.records.port import AllRecords, Place, Span, Unreadable
from queuebit_operations.scan.port import Selection
from queuebit_operations.verification.findings import Finding, Findings
from queuebit_operations.verification.parts import Counts, Part, settled
from queuebit_operations.verification.share import Share, Sorting, astray, shares
from queuebit_operations.verification.topics import keyed_by_questions
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Record

KEYS = [str(UUID(int=number)).encode() for number in range(200)]
COUNTS = {"a": 4, "b": 3, "c": 6}
SPANS = {Place(topic, nth): Span(0, 1) for topic, count in COUNTS.items() for nth in range(count)}


@pytest.mark.parametrize("of", [1, 2, 4, 8])
def test_each_job_is_in_one_share_and_its_records_lie_where_that_share_reads(of: int) -> None:
    all_of = [Share(number, of) for number in range(of)]
    for key in KEYS:
        (mine,) = [share for share in all_of if share.has(key)]
        places = mine.places(SPANS)
        assert all(Place(topic, partition_of(key, count)) in places for topic, count in COUNTS.items())


def test_a_share_reads_its_part_of_the_partitions_or_all_where_they_cannot_be_parted() -> None:
    read = Share(1, 2).places(SPANS)

    assert {place.partition for place in read if place.topic == "a"} == {1, 3}
    assert {place.partition for place in read if place.topic == "b"} == {0, 1, 2}
    assert {place.partition for place in Share(5, 8).places(SPANS) if place.topic == "a"} == {1}
    assert {place.partition for place in Share(3, 4).places(SPANS) if place.topic == "c"} == {1, 3, 5}


def lies(key: bytes, topic: str, partition: int) -> Record:
    return Record(topic, partition, 0, key, b"", ())


@pytest.mark.parametrize("partitions", [6, 8, 12])
def test_records_of_before_a_topic_grew_lie_where_their_share_reads(partitions: int) -> None:
    """Given a topic that has more partitions than it was made with, then a share reads those of before and of now."""
    before = BY_TOPIC[LIFECYCLE].partitions
    spans = {Place(LIFECYCLE, number): Span(0, 1) for number in range(partitions)}
    for share in (Share(number, 4) for number in range(4)):
        places = share.places(spans)
        for key in filter(share.has, KEYS):
            assert {Place(LIFECYCLE, partition_of(key, count)) for count in (before, partitions)} <= places.keys()


@pytest.mark.parametrize("of", [2, 4, 16])
def test_what_lies_on_the_partition_of_another_key_is_seen_and_looked_at_again(of: int) -> None:
    """Given keys where they belong and one that is not, then no share looks at that one at first, and its own does then."""
    spans = {Place("a", number): Span(0, 1) for number in range(4)}
    records = [lies(key, "a", partition_of(key, 4)) for key in KEYS]
    stray = lies(b"stray", "a", (partition_of(b"stray", 4) + 1) % 4)

    def look(some: list[Record], parts_max: dict[str, int]) -> tuple[list[bytes | None], dict[str, int]]:
        """The keys that shares take for their own, and what they must know to look again."""
        found: list[bytes | None] = []
        every = [Share(number, of, parts_max) for number in range(of)]
        sorting = {number: Sorting(share) for number, share in enumerate(every)}
        for number, share in enumerate(every):
            for place in share.places(spans):
                there = [each for each in some if each.partition == place.partition]
                found += [each.key for each in sorting[number].mine(there)]
        return sorted(found, key=str), astray(
            [each.parts(spans) for each in every], [each.parts for each in sorting.values()]
        )

    everything = [*records, stray]
    assert look(records, {}) == (sorted(KEYS, key=str), {})
    assert look(everything, {}) == (sorted(KEYS, key=str), {"a": 1})
    assert look(everything, {"a": 1}) == (sorted([*KEYS, b"stray"], key=str), {})


def test_an_order_is_in_the_share_of_its_job_whatever_its_key_is() -> None:
    """Given orders of many jobs on the partition of one key, then each share takes its own, and says how they can be parted."""
    topic, at = min(MEETING), partition_of(b"q-the-same", 4)
    orders = [Record(topic, at, 0, b"q-the-same", b"", (("ce_subject", key),)) for key in KEYS]
    sorting = [Sorting(Share(number, 4)) for number in range(4)]

    mine = [[dict(record.headers)["ce_subject"] for record in each.mine(orders)] for each in sorting]

    assert sorted(key for each in mine for key in each) == sorted(KEYS)
    assert all(Share(number, 4).has(key) for number, each in enumerate(mine) for key in each)
    assert {each.parts[topic] for each in sorting} == {1}


class Orders:
    """Topics of orders, each with one partition."""

    def __init__(self, keys: Mapping[str, Sequence[bytes]]) -> None:
        self.keys = keys

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        return {Place(topic, 0): Span(0, len(keys)) for topic, keys in self.keys.items() if topic in topics}

    async def read_past(self, spans: Mapping[Place, Span], _: Unreadable) -> AsyncIterator[Sequence[Record]]:
        for (topic, at), span in spans.items():
            keys = self.keys[topic][span.begin : span.end]
            yield [Record(topic, at, 0, key, b"", (("ce_subject", b"a job"),)) for key in keys]


async def test_topics_whose_orders_lie_by_what_they_ask_are_known_before_shares_read_them() -> None:
    """Given a topic of each: of jobs, of a question among the last ones, and of one that is long ago."""
    jobs, question, long_ago = sorted(MEETING)
    keys = {jobs: [b"a job"] * 9, question: [b"a job"] * 8 + [b"q-1"], long_ago: [b"q-1"] + [b"a job"] * 8}

    assert await keyed_by_questions(cast(AllRecords, Orders(keys))) == {question: 1}
    assert await keyed_by_questions(cast(AllRecords, Orders({}))) == {}


@pytest.mark.parametrize(
    ("events", "processes", "count"),
    [
        (0, 1, 1),
        (10_000, 1, 1),
        (10_000, 2, 2),
        (1_000_001, 2, 2),
        (2_000_001, 2, 4),
        (10_000_000, 2, 16),
        (10_000_000, 3, 16),
    ],
)
def test_there_are_as_many_shares_as_memory_and_processes_ask_for(events: int, processes: int, count: int) -> None:
    assert shares(events, events_max=1_000_000, processes=processes) == count


def test_what_one_share_lacks_another_may_have() -> None:
    """Given questions and submissions that each share misses, then only what all of them miss is found."""
    refused, lost = UUID(int=1, version=4), UUID(int=2, version=4)
    aside, found_late, never = UUID(int=3, version=4), UUID(int=4), UUID(int=5)

    def asked(each: UUID) -> tuple[bytes, Finding]:
        return str(each).encode(), Finding("not_decided", str(each), "")

    def handed_in(*keys: UUID) -> dict[UUID, Finding]:
        return {key: Finding("submission_without_attempt", str(key), "") for key in keys}

    first, second = Findings(), Findings()
    first.add(Finding("version_gap", "a", ""))
    second.add(Finding("version_gap", "b", ""))
    parts = [
        Part(
            first,
            Counts(events=3, groups=2),
            [asked(refused), asked(lost), asked(aside)],
            set(),
            set(),
            handed_in(found_late, never),
        ),
        Part(second, Counts(events=4, groups=0), [], {refused}, {str(aside).encode()}, handed_in(never)),
    ]

    verified = settled(parts, Selection())

    assert (verified.counts.events, verified.counts.groups) == (7, 2)
    assert {
        each["check"]: [one["subject"] for one in each["examples"]] for each in verified.document()["findings"]
    } == {
        "version_gap": ["a", "b"],
        "submission_without_attempt": [str(never)],
        "not_decided": [str(lost)],
    }
