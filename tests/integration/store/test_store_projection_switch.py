"""A switch of a projection beside what else happens to it on a server: a batch that commits late, rights, other columns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from queuebit_domain.projections.backlog import BACKLOG
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.projections.port import Build
from queuebit_store.projections.runner import ProjectionRunner
from tests.contract.store.builders import an_append

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READERS = "has_table_privilege('public', 'projection_backlog', 'SELECT')"


@pytest.fixture
async def beside(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        yield connection
    finally:
        await connection.close()


async def _filled(store: PostgresStore) -> Build:
    """A build that stands where the live one does."""
    await store.create_build(BACKLOG, live=True)
    await store.create_build(BACKLOG, live=False)
    append = an_append(1)
    await store.append([append._replace(events=(append.events[0]._replace(type="JobCancelled"),))])
    runner = ProjectionRunner(
        store, (BACKLOG,), holder="one", now=lambda: NOW, monotonic_s=lambda: 0.0, states=("live", "building")
    )
    await runner.step(limit=100)
    await runner.release()
    live, new = await store.builds()
    assert live.cursor == new.cursor != (0, 0, 0)
    return new


async def test_a_build_takes_over_only_from_where_the_live_one_has_come_by_then(
    postgres_store: PostgresStore, beside: asyncpg.Connection
) -> None:
    new = await _filled(postgres_store)
    async with beside.transaction():
        await beside.execute("UPDATE projection SET events = events + 1 WHERE state = 'live'")
        await beside.execute("UPDATE cursor SET seq = seq + 1 WHERE name = 'projection/backlog_v1'")
        switching = asyncio.ensure_future(postgres_store.switch(new))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))"
        while not await beside.fetchval(waits, beside.get_server_pid()):
            assert not switching.done()
    assert await switching is False
    assert [each.state for each in await postgres_store.builds()] == ["live", "building"]


async def test_whoever_may_read_may_read_after_a_switch(
    postgres_store: PostgresStore, beside: asyncpg.Connection
) -> None:
    new = await _filled(postgres_store)
    await beside.execute("GRANT SELECT ON projection_backlog TO PUBLIC")
    assert await postgres_store.switch(new)
    assert await beside.fetchval(f"SELECT {READERS}")
    assert await beside.fetchval("SELECT pg_get_viewdef('projection_backlog'::regclass) LIKE '%backlog_v1_2%'")


async def test_other_columns_make_another_view(postgres_store: PostgresStore, beside: asyncpg.Connection) -> None:
    await postgres_store.create_build(BACKLOG, live=True)
    shape = replace(BACKLOG, version=2, columns={"job_id": "uuid", "state": "text"}, indexes=())
    new = await postgres_store.create_build(shape, live=False)
    assert await postgres_store.switch(new)
    names = [each.name for each in (await beside.prepare("SELECT * FROM projection_backlog")).get_attributes()]
    assert names == ["job_id", "state"]
