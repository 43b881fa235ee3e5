"""The store against the topics of the relay: what is missing, what retention excuses, what a dead letter stands for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from queuebit_contracts import channels
from queuebit_contracts.jobs import Problem
from queuebit_control_plane.relay.relay import records_of
from queuebit_operations.records.port import Place, Span
from queuebit_operations.scan.port import EventRow
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.published import LETTERS, Published
from queuebit_runtime.bus.dead_letters.headers import EDITED_FROM
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Position, StoredEvent
from tests.builders import NOW
from tests.fakes.histories import as_rows, tell_jobs

EVERYTHING = Position(9, 0, 0)


async def a_history() -> tuple[list[StoredEvent], list[EventRow]]:
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [1])
    events = (await store.load([job_id]))[job_id]
    return events, as_rows(events)


def written(records: Sequence[Outgoing], *, at_s: float) -> list[Record]:
    """The records as they lie on topics, from offset 0."""
    found: list[Record] = []
    for record in records:
        partition = partition_of(record.key, 4)
        headers = tuple(record.headers)
        found.append(Record(record.topic, partition, len(found), record.key, record.value, headers, int(at_s * 1000)))
    return found


def noted(rows: Sequence[EventRow], cursor: Position = EVERYTHING) -> Published:
    published = Published(cursor, Gone(()))
    assert [found for row in rows if (found := published.note(row)) is not None] == []
    return published


async def test_all_that_is_stored_and_published_is_quiet_also_when_it_comes_twice() -> None:
    events, rows = await a_history()
    published = noted(rows)

    found = [*published.look_up(written(2 * records_of(events, NOW), at_s=NOW.timestamp()))]

    assert found == []
    assert [*published.missing({}, 0.0)] == []
    assert (published.events, published.records) == (7, 18)


async def test_an_order_is_keyed_by_its_job_or_by_what_it_asks_and_all_else_by_its_job() -> None:
    """Given an order that may meet others, as relays of this release and of the one before publish it."""
    store = MemoryStore()
    edges = [[i, j, 1] for j in range(30) for i in range(j)]
    problem = Problem(kind="maxcut", statement={"nodes": 30, "edges": edges})
    (job_id,) = await tell_jobs(store, [1], then=[], problem=problem)
    events = (await store.load([job_id]))[job_id]
    now = records_of(events, NOW)
    (order,) = (each for each in now if each.topic in channels.MEETING)
    before = [each._replace(key=str(job_id).encode()) for each in now]
    elsewhere = [each._replace(key=order.key) for each in now if each.topic == channels.LIFECYCLE]

    assert order.key.startswith(b"q-")
    for said in (now, before):
        assert [*noted(as_rows(events)).look_up(written(said, at_s=0.0))] == []
    found = [*noted(as_rows(events)).look_up(written(elsewhere, at_s=0.0))]
    assert [each.check for each in found] == ["published_differs"] * len(events)


async def test_an_edited_dead_letter_is_the_operators_and_no_event_that_was_never_stored() -> None:
    events, rows = await a_history()
    published = noted(rows)
    (first, *_) = records_of(events, NOW)
    headers = [(name, value) for name, value in first.headers if name != "ce_id"]
    copy = first._replace(headers=[*headers, ("ce_id", str(UUID(int=5)).encode())])
    edited = copy._replace(headers=[*copy.headers, (EDITED_FROM, b"jobs.lifecycle/0@1")])

    assert [found.check for found in published.look_up(written([copy], at_s=0.0))] == ["not_committed"]
    assert [*published.look_up(written([edited], at_s=0.0))] == []


async def test_what_lies_behind_the_cursor_is_late_and_not_missing() -> None:
    _, rows = await a_history()
    published = noted(rows, rows[3].position)

    assert [found.detail.split(" ")[1] for found in published.missing({}, 0.0)] == ["1", "2", "3", "4"]
    assert [found.check for found in published.late(NOW.timestamp() + 60)] == ["not_relayed"] * 3
    assert [*published.late(NOW.timestamp() - 60)] == []


@pytest.mark.parametrize(
    "began_at", [0, 1], ids=["a topic that still begins at 0", "a topic that has lost its beginning"]
)
async def test_what_retention_may_have_taken_is_not_called_missing(began_at: int) -> None:
    events, rows = await a_history()
    published = noted(rows)
    (_, last) = records_of(events[-1:], NOW)
    kept = written([last], at_s=NOW.timestamp() + 3600)
    spans = {Place(record.topic, record.partition): Span(began_at, 9) for record in kept}

    assert [*published.look_up(kept)] == []
    missing = {found.detail for found in published.missing(spans, 0.0)}

    lifecycle = {detail for detail in missing if channels.LIFECYCLE in detail}
    assert len(lifecycle) == (0 if began_at else 6)


async def test_a_dead_letter_of_the_relay_stands_for_its_event() -> None:
    events, rows = await a_history()
    published = noted(rows)
    letter = Outgoing(LETTERS, b"", b"", [("ce_id", str(events[2].id).encode())])

    found = [*published.look_up(written([*records_of(events[:2], NOW), letter], at_s=NOW.timestamp()))]

    assert found == []
    assert [each.detail.split(" ")[1] for each in published.missing({}, 0.0)] == ["4", "5", "6", "7"]


async def test_records_of_others_are_nobodys_business() -> None:
    _, rows = await a_history()
    published = noted(rows)
    foreign = Outgoing(channels.CONTROL, b"k", b"{}", [("ce_source", b"/queuebit/gateway"), ("ce_id", b"x")])
    replayed = Outgoing(
        channels.LIFECYCLE, b"k", b"{}", [("ce_source", b"/queuebit/control-plane"), ("ce_replayid", b"r")]
    )

    assert [*published.look_up(written([foreign, replayed, foreign._replace(headers=[])], at_s=0))] == []
    assert (published.records, published.replays) == (0, 1)
