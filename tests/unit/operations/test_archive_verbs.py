"""What archives ask of the store, over one that notes what is done to it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

from queuebit_operations.archiving.acting import choose
from queuebit_operations.archiving.store import ArchiveStore, Noted
from queuebit_store.partitions.port import Partition

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_what_a_crash_left_is_chosen_again() -> None:
    """Given a month whose events are out and whose heads are not, then it goes out by its name, and by time."""
    left = Noted("event_2026_01", SINCE, UNTIL, "d", "/a", 3, 1, "detached", "ann", "why", UNTIL)
    store: Any = AsyncMock()
    store.archives.return_value = [left]
    store.partitions.return_value = []

    assert asyncio.run(choose(store, ["event_2026_01"], None, UNTIL)) == (["event_2026_01"], {})
    assert asyncio.run(choose(store, [], UNTIL, UNTIL)) == (["event_2026_01"], {})


def test_a_replay_is_no_reader_that_a_month_waits_for() -> None:
    """Given a replay that was left half way, then only readers that go on keep a month in the log."""
    connection: Any = AsyncMock()
    connection.fetch.return_value = [("publisher",), ("replay/r1",), ("replay/r1/end",)]

    assert asyncio.run(ArchiveStore(connection).unread(Partition("event_2026_01", SINCE, UNTIL))) == ["publisher"]
