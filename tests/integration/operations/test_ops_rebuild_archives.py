"""Projections rebuilt from archives and the log: what is in files is in the new build, once, also after a kill."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_domain.projections.job_list import JOB_LIST
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_domain.projections.usage import USAGE
from queuebit_operations.archiving.store import opened_archives
from queuebit_operations.archiving.whole import WholeLog, months_of
from queuebit_operations.projections.building import BUILDING
from queuebit_operations.projections.running import keep_running
from queuebit_runtime.clock import SystemClock
from queuebit_store.partitions.port import Partition
from queuebit_store.ports import Position
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.projections.port import Page, ReadEvent
from queuebit_store.projections.runner import ProjectionRunner
from tests.contract.store.builders import an_id
from tests.fakes.histories import cancelled, tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.past import PAST, make_room

NAMES = ("event_past", "event_later")
WHY = ("--apply", "--reason", "a test")


@pytest.fixture
async def archived(
    postgres_store: PostgresStore, settings: PostgresSettings, admin: asyncpg.Connection, ops: Ops, tmp_path: Path
) -> dict[str, list[Any]]:
    """Two months that are over and archived, and jobs after them; the rows that the projections had before, by name."""
    await make_room(admin)
    for nth, name in enumerate(NAMES):
        since = PAST + timedelta(minutes=nth)
        assert await postgres_store.add_partition(Partition(name, since, since + timedelta(minutes=1)))
        await tell_jobs(postgres_store, range(5), began_at=since + timedelta(seconds=1))
    await tell_jobs(postgres_store, [7], began_at=PAST + timedelta(seconds=5), then=cancelled(an_id(7)))
    await tell_jobs(postgres_store, range(20, 24), began_at=PAST + timedelta(days=2))
    last = (await postgres_store.read(Position(), limit=999, categories=PUBLISHED))[-1]
    await postgres_store.save_cursor(CURSOR, last.position)
    await keep_running(postgres_store, SystemClock(), holder="test", once=True)
    before = {each.name: await rows_of(settings, f"{each.name}_v{each.version}") for each in PROJECTIONS}
    done = await ops("archive", "create", *NAMES, "--to", str(tmp_path), *WHY, "--json")
    assert (done.code, done.document["outcomes"]) == (0, {"archived": 2})
    return before


async def rows_of(settings: PostgresSettings, build: str) -> list[Any]:
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        found = await connection.fetch(f'SELECT * FROM "projection_{build}"')
        return sorted(map(tuple, found), key=repr)
    finally:
        await connection.close()


async def test_each_build_holds_what_lies_in_archives_as_if_it_had_never_gone_out(
    ops: Ops, postgres_store: PostgresStore, settings: PostgresSettings, archived: dict[str, list[Any]]
) -> None:
    would = await ops("projections", "rebuild", "usage")
    assert "those of 2 months from archives" in would.out
    for each in PROJECTIONS:
        done = await ops("projections", "rebuild", each.name, *WHY, "--then-switch")
        assert done.code == 0, done.err
    builds = {each.name: each for each in await postgres_store.builds() if each.state == "live"}
    assert {name: build.counts_from for name, build in builds.items()} == {each.name: None for each in PROJECTIONS}
    assert {name: await rows_of(settings, build.build) for name, build in builds.items()} == archived
    verified = await ops("verify", "--store-only")
    assert verified.code == 0, verified.out


async def test_what_is_killed_within_a_month_goes_on_there_and_no_month_comes_back_under_it(
    ops: Ops,
    postgres_store: PostgresStore,
    settings: PostgresSettings,
    archived: dict[str, list[Any]],
    tmp_path: Path,
) -> None:
    """Given a build that stands within the second archive, then a restore is refused, going on without archives too; going on
    with them, from where they lie by now, gives every job once.
    """
    await a_build_within_the_second_month(postgres_store, settings)
    refused = await ops("archive", "restore", str(tmp_path / NAMES[1]), *WHY, "--json")
    without = await ops("projections", "rebuild", "usage", "--without-archives", *WHY)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in NAMES:
        shutil.move(tmp_path / name, moved / name)
    gone = await ops("projections", "rebuild", "usage", *WHY)
    done = await ops("projections", "rebuild", "usage", "--archives", str(moved), *WHY, "--then-switch")

    assert (refused.code, "would read a part of it" in refused.out + refused.err) == (ExitCode.PARTLY_FAILED, True)
    assert (without.code, gone.code, done.code) == (ExitCode.CONFLICT, ExitCode.USAGE, ExitCode.OK), done.err
    assert "--anew" in without.err
    assert "--archives FOLDER" in gone.err
    assert await rows_of(settings, f"usage_v{USAGE.version}_2") == archived["usage"]


async def a_build_within_the_second_month(store: PostgresStore, settings: PostgresSettings) -> None:
    """Filled as far as three events of it, by a process that says no more then."""
    clock = SystemClock()
    build = await store.create_build(USAGE, live=False)
    async with opened_archives(settings) as archives:
        months = months_of(await archives.archives(), None)

    async def nothing() -> None:
        raise AssertionError("the log was read")

    log = WholeLog(store, months, nothing)
    runner = ProjectionRunner(
        store, [USAGE], holder="killed", now=clock.now, monotonic_s=clock.monotonic_s, states=BUILDING,
        only=(build.build,), log=log,
    )  # fmt: skip
    await runner.step(limit=months[0].events)
    stepped = await runner.step(limit=3)
    await runner.release()
    assert stepped.builds[0].cursor == Position(0, months[1].number, 3)


async def test_what_is_left_out_is_said(
    ops: Ops, postgres_store: PostgresStore, settings: PostgresSettings, archived: dict[str, list[Any]]
) -> None:
    done = await ops("projections", "rebuild", "job_list", "--without-archives", *WHY)
    assert (done.code, "will not be in it" in done.err) == (0, True)
    (build,) = [each for each in await postgres_store.builds() if each.state == "building"]
    assert build.counts_from == PAST + timedelta(minutes=2)
    rows = await rows_of(settings, build.build)
    assert len(archived["job_list"]) - len(rows) == 11


async def test_pages_of_archives_are_the_same_from_wherever_they_are_read(
    postgres_store: PostgresStore, settings: PostgresSettings, archived: dict[str, list[Any]]
) -> None:
    del archived
    async with opened_archives(settings) as archives:
        months = months_of(await archives.archives(), None)

    async def nothing() -> None:
        return

    async def page(log: WholeLog, after: Position, limit: int) -> Page:
        return await log.read_page(after, limit=limit, categories=PUBLISHED, types=dict.fromkeys(JOB_LIST.types, 1))

    whole = await page(WholeLog(postgres_store, months, nothing), Position(), 10_000)
    one_by_one: list[ReadEvent] = []
    log, after = WholeLog(postgres_store, months, nothing), Position()
    while after != whole.end:
        found = await page(log, after, 3)
        assert found.end.epoch == 0
        one_by_one += found.events
        after = found.end
        if len(one_by_one) % 2:
            log = WholeLog(postgres_store, months, nothing)
    assert one_by_one == list(whole.events)
    assert whole.count == sum(each.events for each in months)
    behind = await page(log, whole.end, 10_000)
    assert behind.events[0].epoch >= 1
