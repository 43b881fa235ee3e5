"""The epochs of which Kafka has heard, found by the ids of what was told last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest

from queuebit_contracts.channels import LIFECYCLE
from queuebit_contracts.ids import stored_id_of
from queuebit_control_plane.relay.relay import records_of
from queuebit_operations.archiving.store import Noted
from queuebit_operations.inspection.epochs import EPOCHS_MAX, LOOK_BACK, epoch_of, newest_epoch_told
from queuebit_operations.records.port import Place, Records, Span
from queuebit_operations.scan.port import Marks
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.restored import told_and_lost
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Record
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from tests.builders import NOW
from tests.fakes.histories import a_job_id, tell_jobs


class Held:
    """A store in an epoch, with the events of some jobs as far as a version."""

    def __init__(self, epoch: int, jobs: Sequence[int], until: int = 7) -> None:
        self.epoch = epoch
        self._jobs = {a_job_id(each) for each in jobs}
        self._until = until

    async def marks(self) -> Marks:
        return Marks({}, Position(), self.epoch, 1)

    async def event_id(self, stream_id: UUID, version: int) -> UUID | None:
        held = stream_id in self._jobs and version <= self._until
        return stored_id_of(stream_id, version, 1) if held else None


class Topics:
    """The lifecycle of jobs on four partitions."""

    def __init__(self) -> None:
        self.partitions: dict[int, list[Record]] = defaultdict(list)
        self.read_records = 0

    async def tell(self, epoch: int, jobs: Sequence[int]) -> None:
        """What a store in an epoch publishes of some jobs from their beginning."""
        store = MemoryStore(MemoryDatabase())
        for _ in range(epoch - 1):
            store.database.new_epoch()
        await tell_jobs(store, jobs)
        for out in records_of(await store.read(Position(), limit=9999), NOW):
            if out.topic == LIFECYCLE:
                lies = self.partitions[partition_of(out.key, 4)]
                lies.append(Record(LIFECYCLE, 0, len(lies), out.key, out.value, tuple(out.headers), 0))

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        (topic,) = topics
        return {Place(topic, number): Span(0, len(lies)) for number, lies in self.partitions.items()}

    async def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        for place, span in spans.items():
            self.read_records += span.end - span.begin
            yield self.partitions[place.partition][span.begin : span.end]

    async def lost_by(self, store: Held, *archives: Noted) -> UUID | None:
        return await told_and_lost(cast(Records, self), store, Gone(archives))

    async def newest(self) -> int:
        return await newest_epoch_told(cast(Records, self))


async def test_nothing_was_told() -> None:
    assert await Topics().newest() == 0


async def test_the_epoch_is_that_of_the_last_life_whatever_was_told_before_or_again() -> None:
    """Given a copy that was restored twice, then the second life is found though the same jobs were told in the first."""
    topics = Topics()
    await topics.tell(1, range(120))
    assert await topics.newest() == 1
    await topics.tell(2, range(100, 110))
    await topics.tell(3, [105])
    await topics.tell(1, [3])
    topics.read_records = 0
    assert await topics.newest() == 3
    assert topics.read_records <= 4 * LOOK_BACK


async def test_what_is_not_of_the_relay_says_nothing() -> None:
    topics = Topics()
    await topics.tell(2, [1])
    record = next(each for lies in topics.partitions.values() for each in lies)
    headers = dict(record.headers)
    strange = [
        {**headers, "ce_source": b"/somebody"},
        {**headers, "ce_streamversion": b"many"},
        {name: value for name, value in headers.items() if name != "ce_id"},
        {**headers, "ce_streamversion": b"77"},
    ]
    everything = range(EPOCHS_MAX)
    assert epoch_of(record, everything) == 2
    assert [epoch_of(record._replace(headers=tuple(each.items())), everything) for each in strange] == [0, 0, 0, 0]


async def test_a_store_that_holds_what_was_told_or_nothing_was_told_to_is_none_that_came_back() -> None:
    topics = Topics()
    assert await topics.lost_by(Held(1, [])) is None
    await topics.tell(1, range(40))
    assert await topics.lost_by(Held(1, range(40))) is None


@pytest.mark.parametrize(("jobs", "until"), [(range(30), 7), (range(40), 5), ([], 0)])
async def test_a_store_that_lacks_what_was_told_in_its_epoch_came_back(jobs: Sequence[int], until: int) -> None:
    topics = Topics()
    await topics.tell(1, range(40))
    lost = await topics.lost_by(Held(1, jobs, until))
    assert lost in {a_job_id(each) for each in range(40)}
    assert lost not in {a_job_id(each) for each in jobs} or until < 7


async def test_a_copy_of_an_earlier_epoch_than_was_told_came_back_again() -> None:
    topics = Topics()
    await topics.tell(1, range(40))
    await topics.tell(2, [3])
    assert await topics.lost_by(Held(1, range(40))) == a_job_id(3)


async def test_once_an_epoch_has_begun_what_was_told_before_counts_no_more() -> None:
    topics = Topics()
    await topics.tell(1, range(40))
    assert await topics.lost_by(Held(2, range(30))) is None


async def test_what_lies_in_archives_is_not_lost() -> None:
    topics = Topics()
    await topics.tell(1, range(40))
    since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)
    out = Noted("event_past", since, until, "", "", 280, 40, "archived", "alice", "old", until)
    assert await topics.lost_by(Held(1, []), out) is None
    assert await topics.lost_by(Held(1, []), replace(out, state="written")) is not None
