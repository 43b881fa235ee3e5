"""Publishing again: in order, up to a limit, and from where it was when it is run once more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from queuebit_operations.replaying.records import records_of
from queuebit_operations.replaying.topic import BATCH_EVENTS, Replay, frozen, publish_again
from queuebit_operations.scan.port import EventRow
from queuebit_runtime.bus.port import Outgoing
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Position
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.histories import as_rows, tell_jobs


class Windows:
    """Events in windows of so many."""

    def __init__(self, rows: Sequence[EventRow], size: int) -> None:
        self._rows = sorted(rows, key=lambda row: row.position)
        self._size = size

    async def windows(self, after: Position = Position()) -> AsyncIterator[tuple[list[EventRow], Position]]:  # noqa: B008
        rows = [row for row in self._rows if row.position > after]
        for start in range(0, len(rows), self._size):
            window = rows[start : start + self._size]
            yield window, window[-1].position


async def a_history(jobs: int) -> list[EventRow]:
    store = MemoryStore()
    loaded = await store.load(await tell_jobs(store, range(jobs)))
    return [row for events in loaded.values() for row in as_rows(events)]


async def again(windows: Windows, store: MemoryStore, replay: Replay) -> list[Outgoing]:
    """One run, from where the last one ended."""
    bus = CollectingBus()
    after, _ = await frozen(store, replay, Position(9, 9, 9), save=True)
    count = await publish_again(windows, after, bus, store, StoppedClock(), replay, on_progress=lambda _: None)
    assert count == len({dict(record.headers)["ce_id"] for record in bus.records})
    return bus.records


@pytest.mark.parametrize(("limit", "size"), [(1, 3), (3, 3), (4, 3), (7, 100), (BATCH_EVENTS, 100)])
async def test_runs_with_a_limit_are_as_one_without(limit: int, size: int) -> None:
    rows = await a_history(3)
    windows, store = Windows(rows, size), MemoryStore()
    whole = await again(windows, MemoryStore(), Replay("whole", "topic"))

    parts: list[Outgoing] = []
    while some := await again(windows, store, Replay("parts", "topic", limit=limit)):
        assert len(some) <= limit
        parts += some

    assert len(whole) == len(rows) == 21
    assert [record.value for record in parts] == [record.value for record in whole]


async def test_the_end_is_frozen_at_the_beginning() -> None:
    store = MemoryStore()
    replay = Replay("r")

    looked = await frozen(store, replay, Position(1, 5, 5), save=False)
    begun = await frozen(store, replay, Position(1, 6, 6), save=True)
    later = await frozen(store, replay, Position(1, 7, 7), save=True)

    assert [looked, begun, later] == [
        (Position(), Position(1, 5, 5)),
        (Position(), Position(1, 6, 6)),
        (Position(), Position(1, 6, 6)),
    ]


async def test_without_a_topic_an_event_goes_where_the_relay_published_it() -> None:
    rows = await a_history(1)

    topics = {row.type: [record.topic for record in records_of(row, "r")] for row in rows}

    assert topics["JobQueued"] == ["jobs.queued.classical.interactive", "jobs.lifecycle"]
    assert topics["JobCompleted"] == ["jobs.completed", "jobs.lifecycle"]
    assert topics["JobStarted"] == ["jobs.lifecycle"]
