"""Archives at the command line, over a store that notes what is done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_operations.archiving import store as archiving
from queuebit_operations.archiving.store import ArchiveStore, Noted
from queuebit_operations.connections import store as connections
from queuebit_operations.verbs import archive
from queuebit_store.partitions.port import Partition

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


class Store:
    """Has one month whose events are out and whose heads are not, as a crash leaves it."""

    def __init__(self) -> None:
        self.cleared: list[str] = []

    async def partitions(self) -> list[Partition]:
        return []

    async def archives(self) -> list[Noted]:
        return [Noted("event_2026_01", SINCE, UNTIL, "d", "/a", 3, 1, "detached", "ann", "why", UNTIL)]

    async def clear(self, partition: Partition) -> None:
        self.cleared.append(partition.name)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of the verbs."""
    store = Store()

    @asynccontextmanager
    async def opened(settings: object) -> AsyncIterator[Store]:
        yield store

    monkeypatch.setattr(archiving, "opened_archives", opened)
    monkeypatch.setattr(connections, "postgres_settings", lambda env: None)
    return store


def test_a_dry_run_takes_nothing_out_not_even_what_a_crash_left(store: Store, tmp_path: Path) -> None:
    assert archive.create("event_2026_01", tmp_path, "why") == ExitCode.NOT_FOUND
    assert store.cleared == []


def test_what_a_crash_left_is_taken_out_and_told_as_json(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert archive.create("event_2026_01", tmp_path, "why", run_it=True, as_json=True) == ExitCode.OK
    assert store.cleared == ["event_2026_01"]
    assert '"taken_out": true' in capsys.readouterr().out


def test_a_replay_is_no_reader_that_a_month_waits_for() -> None:
    """Given a replay that was left half way, then only readers that go on keep a month in the log."""
    connection: Any = AsyncMock()
    connection.fetch.return_value = [("publisher",), ("replay/r1",), ("replay/r1/end",)]

    assert asyncio.run(ArchiveStore(connection).unread(Partition("event_2026_01", SINCE, UNTIL))) == ["publisher"]
