"""`queuebit ops archive`: a month goes out whole into files, cannot be mistaken, and answers as before when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_operations.archiving.archive import take_out, write
from queuebit_operations.archiving.manifest import read_manifest
from queuebit_operations.archiving.store import opened_archives
from queuebit_operations.errors import InConflict
from queuebit_store.errors import StoreLocked
from queuebit_store.partitions.port import Partition
from queuebit_store.ports import Position, Reservation, StreamFilter
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.projections import postgres as projections_in_postgres
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.past import PAST, make_room

NAME = "event_past"
WHY = ("--reason", "older than a year", "--actor", "alice")
NO_KAFKA = "127.0.0.1:1"


@pytest.fixture
async def jobs(postgres_store: PostgresStore, admin: asyncpg.Connection) -> list[UUID]:
    """Jobs that ended in a month that is over, and one of another; all were read."""
    await make_room(admin)
    assert await postgres_store.add_partition(Partition(NAME, PAST, PAST + timedelta(minutes=1)))
    found = await tell_jobs(postgres_store, range(5), began_at=PAST + timedelta(seconds=1))
    await tell_jobs(postgres_store, [9], began_at=PAST + timedelta(days=2))
    await postgres_store.reserve([Reservation("acme", f"key {each}", each, "f", PAST) for each in found])
    await _catch_up(postgres_store)
    return found


async def _catch_up(store: PostgresStore) -> None:
    await store.save_cursor(CURSOR, (await store.read(Position(), limit=999, categories=PUBLISHED))[-1].position)


async def _all_that_is_told(store: PostgresStore, jobs: Sequence[UUID]) -> list[Any]:
    listed = await store.list_heads(StreamFilter("acme", categories=PUBLISHED), limit=99)
    return [
        await store.load(jobs),
        await store.heads(jobs),
        [await store.held_for(each) for each in jobs],
        {row.stream_id for row in listed},
        await store.read(Position(), limit=999, categories=PUBLISHED),
    ]


async def test_a_month_goes_out_whole_and_answers_as_before_when_it_is_back(
    ops: Ops, postgres_store: PostgresStore, jobs: list[UUID], tmp_path: Path
) -> None:
    before = await _all_that_is_told(postgres_store, jobs)

    dry = await ops("archive", "create", NAME, "--to", str(tmp_path), "--json", QUEUEBIT_KAFKA=NO_KAFKA)
    assert dry.code == 0, dry.err
    assert (dry.document["targets"], dry.document["state"], list(tmp_path.iterdir())) == (1, "frozen", [])
    assert f"{NAME}: {sum(map(len, before[0].values()))} events of 5 streams" in dry.err
    assert await _all_that_is_told(postgres_store, jobs) == before

    done = await ops("operations", "resume", dry.document["operation"], *WHY, "--json", QUEUEBIT_KAFKA=NO_KAFKA)
    assert done.code == 0, done.err
    assert (done.document["state"], done.document["outcomes"]) == ("done", {"archived": 1})
    rows = {name: part.rows for name, part in read_manifest(tmp_path / NAME).parts.items()}
    assert rows == {"events": sum(map(len, before[0].values())), "streams": 5, "keys": 5}
    assert await _all_that_is_told(postgres_store, jobs) == [
        {},
        {},
        [None] * 5,
        before[3] - set(jobs),
        [event for event in before[4] if event.stream_id not in jobs],
    ]
    listed = (await ops("archive", "list", "--json")).document
    assert [(each["name"], each["state"], each["actor"]) for each in listed["archives"]] == [
        (NAME, "archived", "alice")
    ]
    assert NAME not in {each["name"] for each in listed["partitions"]}

    shown = await ops("archive", "restore", str(tmp_path / NAME), "--json", QUEUEBIT_KAFKA=NO_KAFKA)
    assert (shown.code, shown.document["targets"], await postgres_store.load(jobs)) == (0, 1, {})
    back = await ops("archive", "restore", str(tmp_path / NAME), *WHY, "--apply", "--json", QUEUEBIT_KAFKA=NO_KAFKA)
    assert (back.code, back.document["outcomes"]) == (0, {"restored": 1})
    assert await _all_that_is_told(postgres_store, jobs) == before
    again = await ops("archive", "restore", str(tmp_path / NAME), *WHY, "--apply", "--json")
    assert (again.code, again.document["outcomes"]) == (0, {"done before": 1})
    told = (await ops("operations", "list", "--json")).document["operations"]
    assert {(each["verb"], each["state"], each["actor"], each["reason"]) for each in told} == {
        ("archive create", "done", "alice", "older than a year"),
        ("archive restore", "done", "alice", "older than a year"),
        ("archive restore", "frozen", "", ""),
    }


async def test_all_months_before_a_day_go_out_but_those_that_may_not(
    ops: Ops, postgres_store: PostgresStore, jobs: list[UUID], tmp_path: Path
) -> None:
    later = Partition("event_open", PAST + timedelta(minutes=1), PAST + timedelta(minutes=2))
    assert await postgres_store.add_partition(later)
    await tell_jobs(postgres_store, [7], began_at=PAST + timedelta(seconds=61), then=())
    await _catch_up(postgres_store)
    before = (PAST + timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")

    done = await ops("archive", "create", "--before", before, "--to", str(tmp_path), *WHY, "--apply", "--json")
    neither = await ops("archive", "create", "--to", str(tmp_path), *WHY, "--apply")

    assert (done.code, done.document["targets"], done.document["outcomes"]) == (0, 1, {"archived": 1})
    assert "event_open stays: 1 streams of event_open have not ended." in done.err
    assert await postgres_store.load(jobs) == {}
    assert (neither.code, "Name partitions, or a time." in neither.err) == (2, True)


async def test_what_no_longer_may_go_out_when_it_comes_to_it_stays(
    ops: Ops, postgres_store: PostgresStore, jobs: list[UUID], tmp_path: Path
) -> None:
    """Given a month that was frozen, and a job that began in it since, then it fails, and says why."""
    frozen = await ops("archive", "create", NAME, "--to", str(tmp_path), "--json")
    await tell_jobs(postgres_store, [7], began_at=PAST + timedelta(seconds=2), then=())

    said = await ops("operations", "resume", frozen.document["operation"], *WHY, "--json")
    changed = await ops("operations", "cancel", frozen.document["operation"], *WHY)

    assert (said.code, said.document["outcomes"]) == (7, {"failed": 1})
    assert "have not ended" in said.document["failures"][NAME]
    assert (changed.code, "is done already" in changed.err) == (6, True)
    assert len(await postgres_store.load(jobs)) == 5


async def test_what_may_still_change_or_was_not_read_stays(
    ops: Ops, postgres_store: PostgresStore, jobs: list[UUID], tmp_path: Path
) -> None:
    async def refused(name: str = NAME) -> str:
        said = await ops("archive", "create", name, "--to", str(tmp_path), *WHY, "--apply")
        assert said.code != 0
        return said.err

    assert "There is no partition event_none." in await refused("event_none")
    await postgres_store.save_cursor(CURSOR, Position(1, 1, 1))
    assert "was read by publisher" in await refused()
    await _catch_up(postgres_store)
    await tell_jobs(postgres_store, [7], began_at=PAST + timedelta(seconds=2), then=())
    assert "1 streams of event_past have not ended." in await refused()
    later = Partition("event_later", datetime(2090, 1, 1, tzinfo=UTC), datetime(2090, 2, 1, tzinfo=UTC))
    await postgres_store.add_partition(later)
    assert "has not ended" in await refused("event_later")
    assert len(await postgres_store.load(jobs)) == 5


async def test_a_projection_that_begins_meanwhile_keeps_the_month(
    postgres_store: PostgresStore,
    settings: PostgresSettings,
    jobs: list[UUID],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a build that began when all had read the month, then the month waits for it, and it misses nothing."""
    began, may_commit, show = asyncio.Event(), asyncio.Event(), projections_in_postgres._show

    async def held(*build: Any) -> None:
        began.set()
        await may_commit.wait()
        await show(*build)

    monkeypatch.setattr(projections_in_postgres, "_show", held)
    month = Partition(NAME, PAST, PAST + timedelta(minutes=1))
    async with opened_archives(settings) as archives:
        whole = await write(archives, month, tmp_path, PAST, lambda _table, _rows: None)
        building = asyncio.ensure_future(postgres_store.create_build(BACKLOG, live=True))
        await began.wait()

        with pytest.raises(StoreLocked):
            await take_out(archives, whole, tmp_path, actor="alice", reason="a test")
        may_commit.set()
        build = await building
        with pytest.raises(InConflict, match="was read by projection/backlog_v1"):
            await take_out(archives, whole, tmp_path, actor="alice", reason="a test")

    assert (build.counts_from, len(await postgres_store.load(jobs))) == (None, 5)


async def test_a_file_that_changed_is_not_put_back(
    ops: Ops, postgres_store: PostgresStore, jobs: list[UUID], tmp_path: Path
) -> None:
    await ops("archive", "create", NAME, "--to", str(tmp_path), *WHY, "--apply")
    frozen = await ops("archive", "restore", str(tmp_path / NAME), "--json")
    path = tmp_path / NAME / "events.parquet"
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)

    said = await ops("archive", "restore", str(tmp_path / NAME))
    late = await ops("operations", "resume", frozen.document["operation"], *WHY, "--json")

    assert (said.code, "its checksum differs" in said.err) == (2, True)
    assert (late.code, "its checksum differs" in str(late.document["failures"])) == (7, True)
    assert await postgres_store.load(jobs) == {}


async def test_a_crash_between_events_and_heads_is_mended_by_the_same_command(
    ops: Ops,
    postgres_store: PostgresStore,
    jobs: list[UUID],
    tmp_path: Path,
    admin: asyncpg.Connection,
    settings: PostgresSettings,
) -> None:
    frozen = await ops("archive", "create", NAME, "--to", str(tmp_path), "--json")
    count = await admin.fetchval(f"SELECT count(*) FROM {NAME}")
    month = Partition(NAME, PAST, PAST + timedelta(minutes=1))
    await admin.execute(
        "INSERT INTO archive VALUES ($1, $2, $3, 'digest', 'folder', $4, 5, 'written', 'alice', 'why')",
        NAME,
        month.since,
        month.until,
        count,
    )
    assert await admin.fetchval("SELECT take_out_event_partition($1, $2)", NAME, count + 1) is False
    assert await admin.fetchval("SELECT take_out_event_partition($1, $2)", NAME, count) is True
    assert len(await postgres_store.heads(jobs)) == 5

    said = await ops("operations", "resume", frozen.document["operation"], *WHY, "--json")

    assert (said.code, said.document["outcomes"]) == (0, {"archived": 1})
    assert await postgres_store.heads(jobs) == {}
    assert await admin.fetchval("SELECT state FROM archive") == "archived"
