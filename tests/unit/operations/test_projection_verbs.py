"""`queuebit ops projections` as a command line: it says what it would do, does it with a reason, and records who and why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from queuebit_client.cli import main
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.archiving.store import Noted
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.fakes.histories import tell_jobs

WHY = ("--apply", "--reason", "a test", "--json")


class Sizes:
    """What PostgreSQL knows of the size of tables."""

    async def size(self, _build: str) -> tuple[int, int]:
        return 10, 8192

    async def events_about(self) -> int:
        return 70


class NoArchives:
    """All months are in the log."""

    async def archives(self) -> list[Noted]:
        return []


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """What the verbs open in the place of PostgreSQL, with ten jobs."""
    store = MemoryStore(MemoryDatabase())
    asyncio.run(tell_jobs(store, range(10)))

    @asynccontextmanager
    async def opened(_env: Mapping[str, str]) -> AsyncIterator[MemoryStore]:
        yield store

    @asynccontextmanager
    async def reading(_settings: object) -> AsyncIterator[Sizes]:
        yield Sizes()

    @asynccontextmanager
    async def archives(_settings: object) -> AsyncIterator[NoArchives]:
        yield NoArchives()

    monkeypatch.setattr("queuebit_operations.archiving.store.opened_archives", archives)
    monkeypatch.setenv("QUEUEBIT_POSTGRES", "postgresql://nobody.invalid/none")
    monkeypatch.setattr("queuebit_operations.connections.store.opened_store", opened)
    monkeypatch.setattr("queuebit_operations.projections.reading.opened_reading", reading)
    return store


def ops(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main.run(["ops", *arguments])
    said = capsys.readouterr()
    return int(code), said.out, said.err


def test_a_projection_is_run_rebuilt_switched_and_dropped(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ops(capsys, "projections", "list")[0] == 1
    assert ops(capsys, "projections", "run", "--once")[0] == 0
    code, out, _ = ops(capsys, "projections", "list", "--json")
    assert (code, {each["behind"] for each in json.loads(out)["projections"]}) == (0, {0})

    assert "would begin a build of version 2" in ops(capsys, "projections", "rebuild", "usage")[1]
    assert ops(capsys, "projections", "rebuild", "usage", "--apply")[0] == 2
    assert ops(capsys, "projections", "switch", "usage", *WHY)[0] == 3
    assert len(store.database.builds) == len(PROJECTIONS)
    code, out, err = ops(capsys, "projections", "rebuild", "usage", *WHY)
    assert (code, _part(out)) == (0, {"build": "usage_v2_2", "state": "building", "events_read": 70}), err
    assert ops(capsys, "projections", "drop", "usage_v2", *WHY)[0] == 6
    code, out, err = ops(capsys, "projections", "switch", "usage", *WHY)
    assert (code, _part(out)) == (0, {"build": "usage_v2_2", "state": "live"}), err
    code, out, _ = ops(capsys, "projections", "show", "usage", "--json")
    assert [each["state"] for each in json.loads(out)["builds"]] == ["retired", "live"]
    assert ops(capsys, "projections", "drop", "usage_v2")[0] == 0
    assert "usage_v2" in store.database.builds
    assert _part(ops(capsys, "projections", "drop", "usage_v2", *WHY)[1]) == {"build": "usage_v2", "state": "dropped"}

    assert "usage_v2" not in store.database.builds
    told = [row.head.attributes["verb"] for row in store.database.streams.values() if row.category == "operation"]
    assert sorted(told) == ["projections drop", "projections rebuild", "projections switch"]


def test_a_rebuild_takes_over_at_once_where_it_is_told_to(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ops(capsys, "projections", "run", "--once")[0] == 0
    code, out, err = ops(capsys, "projections", "rebuild", "backlog", "--then-switch", *WHY)
    assert (code, _part(out)) == (0, {"build": "backlog_v1_2", "state": "live", "events_read": 70}), err
    assert ops(capsys, "projections", "show", "nothing")[0] == 3
    assert "10 rows, about, 8 KiB" in ops(capsys, "projections", "show", "backlog")[1]
    assert store.database.builds["backlog_v1"].state == "retired"


def _part(out: str) -> dict[str, Any]:
    document = json.loads(out)
    return {name: document[name] for name in ("build", "state", "events_read") if name in document}
