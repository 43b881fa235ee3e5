"""A store that older code wrote: migrated as it lies there, it folds, lists and goes on; older code beside it does too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.heads import HEADS
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_store.connections.migrations import migrate, shipped
from queuebit_store.ports import Head, Position, StreamFilter
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.rebuild import RebuildReport, rebuild
from tests.contract.store.builders import an_append, an_id, at
from tests.simulation.history import History
from tests.simulation.simulation import run_simulation

SEED = 200
BEFORE = tuple(migration for migration in shipped() if migration.name < "0009")
STREAM = """
INSERT INTO stream (stream_id, category, tenant, environment, version, state, kind, tier, lane, fingerprint, wake_at,
    created_at, updated_at)
VALUES ($1, 'job', $2, 'default', $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
EVENT = """
INSERT INTO event (epoch, stream_id, version, schema_version, event_id, causation_id, time, category, tenant, environment, type,
    traceparent, data)
VALUES (1, $1, $2, $3, $4, $5, $6, 'job', $7, 'default', $8, $9, $10)
"""


@pytest.fixture(scope="module")
def history() -> History:
    """What the services stored of the jobs of one simulated afternoon."""
    return run_simulation(SEED)


@pytest.fixture
async def before(empty_settings: PostgresSettings, history: History) -> AsyncIterator[asyncpg.Connection]:
    """The same jobs as older code stores them: all in one category, with the columns of a job on every stream."""
    await migrate(empty_settings, migrations=BEFORE)
    connection = await asyncpg.connect(
        empty_settings.url, server_settings={"search_path": f'"{empty_settings.namespace}"'}
    )
    async with connection.transaction():
        for row in history.jobs().values():
            about = [row.head.attributes[name] for name in ("kind", "tier", "lane", "fingerprint")]
            await connection.execute(
                STREAM,
                row.stream_id,
                row.tenant,
                row.version,
                row.head.state,
                *about,
                None,
                row.created_at,
                row.updated_at,
            )
        for event in history.events():
            await connection.execute(
                EVENT,
                event.stream_id,
                event.version,
                event.schema_version,
                event.id,
                event.causation_id,
                event.time,
                event.tenant,
                event.type,
                event.traceparent,
                event.data,
            )
        await connection.execute("INSERT INTO cursor (name, epoch, xid, seq) VALUES ('relay', 1, '7', 9)")
    try:
        yield connection
    finally:
        await connection.close()


async def _rebuilt(store: PostgresStore) -> RebuildReport:
    return await rebuild(store, HEADS[0], on_progress=lambda _: None, write=False)


async def test_what_was_stored_before_folds_to_the_same_heads(
    before: asyncpg.Connection, empty_settings: PostgresSettings, history: History
) -> None:
    streams, events = history.jobs(), history.events()
    assert {row.category for row in streams.values()} == {"job", "refusal"}

    for post in (False, True):
        await migrate(empty_settings, post=post)
        async with await PostgresStore.open(empty_settings) as store:
            assert await _rebuilt(store) == RebuildReport(events=len(events), streams=len(streams))
            read = await store.read(Position(), limit=len(events) + 1, categories=PUBLISHED)
            assert [each.id for each in read] == [each.id for each in events]
            assert await store.load_cursor(CURSOR) == Position(1, 7, 9)
            for tenant in {row.tenant for row in streams.values()}:
                found = await store.list_heads(StreamFilter(tenant, categories=PUBLISHED), limit=len(streams))
                assert {row.stream_id for row in found} == {
                    row.stream_id for row in streams.values() if row.tenant == tenant
                }


async def test_older_code_goes_on_beside_newer_until_the_post_migration(
    before: asyncpg.Connection, empty_settings: PostgresSettings
) -> None:
    await migrate(empty_settings)
    await before.execute(STREAM, an_id(1), "acme", 1, "queued", "tsp", "batch", "quantum", "f00d", at(1), at(0), at(0))
    async with await PostgresStore.open(empty_settings) as store:
        about = {"kind": "tsp", "tier": "batch", "lane": "quantum", "fingerprint": "f00d"}
        assert (await store.heads([an_id(1)]))[an_id(1)].head == Head("queued", at(1), about)

        # Newer code appends to it, and begins another; older code moves that one on.
        assert await store.append([an_append(1, expected=1), an_append(2)]) == [True, True]
        moved = await before.execute(
            "UPDATE stream SET version = 2, state = 'done', kind = 'tsp' WHERE stream_id = $1 AND environment = 'default'",
            an_id(2),
        )
        assert moved == "UPDATE 1"
        head = (await store.heads([an_id(2)]))[an_id(2)].head
        assert (head.state, head.attributes) == ("done", an_append(2).head.attributes)

    assert "0010_post_heads_by_category" in await migrate(empty_settings, post=True)
    async with await PostgresStore.open(empty_settings) as store:
        assert await store.append([an_append(2, expected=2)]) == [True]
