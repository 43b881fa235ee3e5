"""What archives ask of the store, over one that notes what is done to it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from queuebit_operations.archiving.acting import choose
from queuebit_operations.archiving.archive import write
from queuebit_operations.archiving.store import ArchiveStore, Noted
from queuebit_operations.errors import InConflict
from queuebit_store.partitions.port import Partition


class Begun(Exception):
    """Files are written."""


SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_what_a_crash_left_is_chosen_again() -> None:
    """Given a month whose events are out and whose heads are not, then it goes out by its name, and by time."""
    left = Noted("event_2026_01", SINCE, UNTIL, "d", "/a", 3, 1, "detached", "ann", "why", UNTIL)
    store: Any = AsyncMock()
    store.archives.return_value = [left]
    store.partitions.return_value = []

    assert asyncio.run(choose(store, ["event_2026_01"], None, UNTIL)) == (["event_2026_01"], {})
    assert asyncio.run(choose(store, [], UNTIL, UNTIL)) == (["event_2026_01"], {})


@pytest.mark.parametrize(("told", "refused"), [(7, True), (3, False), (None, True)])
def test_the_archive_of_another_log_is_not_written_over(tmp_path: Path, told: int | None, refused: bool) -> None:
    """Given a folder with the same month of another namespace, then it stays; what a crash left of this one does not."""
    partition = Partition("event_2026_01", SINCE, UNTIL)
    lies = tmp_path / partition.name / "manifest.json"
    lies.parent.mkdir()
    lies.write_text("{" if told is None else json.dumps({"parts": {"events": {"rows": told}}}))
    store: Any = AsyncMock()
    store.noted.return_value = None
    store.size.return_value = (3, 1)
    store.one_moment = Mock(side_effect=Begun)

    with pytest.raises(InConflict if refused else Begun, match="of another log" if refused else None):
        asyncio.run(write(store, partition, tmp_path, UNTIL, lambda _table, _rows: None))


def test_a_replay_is_no_reader_that_a_month_waits_for() -> None:
    """Given a replay that was left half way, then only readers that go on keep a month in the log."""
    connection: Any = AsyncMock()
    connection.fetch.return_value = [("publisher",), ("replay/r1",), ("replay/r1/end",)]

    assert asyncio.run(ArchiveStore(connection).unread(Partition("event_2026_01", SINCE, UNTIL))) == ["publisher"]
