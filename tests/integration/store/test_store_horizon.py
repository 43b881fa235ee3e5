"""Ordered readers under transactions that commit late: nothing is skipped, and what a simpler cursor would lose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from queuebit_store.connections.migrations import new_epoch
from queuebit_store.connections.queries import queries
from queuebit_store.errors import EpochStale
from queuebit_store.log import columns as to
from queuebit_store.ports import Append, Position, StoredEvent
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append, an_id, names


@pytest.fixture
async def slow_appender(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection]:
    """A connection on which a test appends by the store's own statement and decides when to commit."""
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        yield connection
    finally:
        await connection.close()


async def _append_on(connection: asyncpg.Connection, batch: list[Append]) -> None:
    await connection.fetch(queries()["append"], *to.given(batch))


async def test_late_commit_is_not_skipped(postgres_store: PostgresStore, slow_appender: asyncpg.Connection) -> None:
    # Given a transaction that has written an event and not committed, and a later one that has.
    transaction = slow_appender.transaction()
    await transaction.start()
    await _append_on(slow_appender, [an_append(1)])
    assert await postgres_store.append([an_append(2)]) == [True]

    # Then neither is read in order, though the second is there for who loads it.
    assert await postgres_store.read(Position(), limit=9) == []
    assert list(await postgres_store.load([an_id(1), an_id(2)])) == [an_id(2)]

    # When the first commits, both come, in order.
    await transaction.commit()
    assert names(await postgres_store.read(Position(), limit=9)) == [(an_id(1), 1), (an_id(2), 1)]


async def test_rolled_back_transaction_leaves_a_gap_and_no_stall(
    postgres_store: PostgresStore, slow_appender: asyncpg.Connection
) -> None:
    transaction = slow_appender.transaction()
    await transaction.start()
    await _append_on(slow_appender, [an_append(1)])
    await postgres_store.append([an_append(2)])
    await transaction.rollback()

    assert names(await postgres_store.read(Position(), limit=9)) == [(an_id(2), 1)]


async def test_the_trap_a_cursor_of_sequence_numbers_loses_an_event(
    postgres_store: PostgresStore, slow_appender: asyncpg.Connection, admin: asyncpg.Connection
) -> None:
    """Why the cursor is a pair below the horizon: this reader is the obvious one, and it is wrong."""

    async def naive_read(after_seq: int) -> list[asyncpg.Record]:
        return await admin.fetch("SELECT seq, stream_id FROM event WHERE seq > $1 ORDER BY seq", after_seq)

    transaction = slow_appender.transaction()
    await transaction.start()
    await _append_on(slow_appender, [an_append(1)])
    await postgres_store.append([an_append(2)])
    seen = await naive_read(0)
    await transaction.commit()
    seen += await naive_read(seen[-1]["seq"])

    assert [row["stream_id"] for row in seen] == [an_id(2)], "the event of the first stream is lost for ever"
    assert names(await postgres_store.read(Position(), limit=9)) == [(an_id(1), 1), (an_id(2), 1)]


async def test_order_of_sequence_numbers_is_not_that_of_transactions(
    postgres_store: PostgresStore, slow_appender: asyncpg.Connection
) -> None:
    """A transaction that took its id early and wrote late: its events come first, with the higher sequence numbers."""
    transaction = slow_appender.transaction()
    await transaction.start()
    await slow_appender.fetchval("SELECT pg_current_xact_id()")
    await postgres_store.append([an_append(2)])
    await _append_on(slow_appender, [an_append(1)])
    await transaction.commit()

    first, second = await postgres_store.read(Position(), limit=9)

    assert (first.stream_id, second.stream_id) == (an_id(1), an_id(2))
    assert first.position.xid < second.position.xid
    assert first.position.seq > second.position.seq
    assert await postgres_store.read(first.position, limit=9) == [second]


async def test_reader_skips_nothing_while_commits_are_delayed_at_random(
    settings: PostgresSettings, postgres_store: PostgresStore
) -> None:
    """Six appenders that hold their transactions open on the server for 0 to 40 ms after writing, and one reader."""
    streams_per_appender = 12

    async def append_slowly(appender: int) -> None:
        connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
        try:
            for n in range(streams_per_appender):
                async with connection.transaction():
                    await _append_on(connection, [an_append(appender * 100 + n, events=2)])
                    await connection.execute("SELECT pg_sleep($1)", ((appender * 7 + n * 5) % 9) * 0.005)
        finally:
            await connection.close()

    appending = asyncio.gather(*(append_slowly(appender) for appender in range(1, 7)))
    seen: list[StoredEvent] = []
    while True:
        last = appending.done()
        page = await postgres_store.read(seen[-1].position if seen else Position(), limit=3)
        seen += page
        if last and not page:
            break
    await appending

    expected = [
        (an_id(appender * 100 + n), version)
        for appender in range(1, 7)
        for n in range(streams_per_appender)
        for version in (1, 2)
    ]
    assert sorted(names(seen)) == expected
    assert [event.position for event in seen] == sorted(event.position for event in seen)
    assert all(event.version < after.version for event, after in zip(seen[::2], seen[1::2], strict=True))


async def test_restored_database_is_refused_until_a_new_epoch_begins(
    settings: PostgresSettings, postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    # Given events whose transaction ids are far beyond those that this server gives out.
    await postgres_store.append([an_append(1), an_append(2)])
    await admin.execute("UPDATE event SET xid = (xid::text::bigint + 1000000000)::text::xid8")

    with pytest.raises(EpochStale, match="new-epoch"):
        await PostgresStore.open(settings)

    # When the next epoch begins, the old events are readable, and new ones come after them.
    assert await new_epoch(settings) == 2
    async with await PostgresStore.open(settings) as store:
        assert (postgres_store.epoch, store.epoch) == (1, 2)
        await store.append([an_append(3)])
        old, *_ = await store.read(Position(), limit=1)
        assert names([old, *await store.read(old.position, limit=9)]) == [(an_id(n), 1) for n in (1, 2, 3)]


async def test_a_dump_that_comes_back_is_refused_each_time_until_an_epoch_begins_in_it(
    settings: PostgresSettings, postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    """Given a copy of all rows that comes back into tables of its own, on a server whose transaction ids are beyond them, then
    it is refused though they betray nothing, and so is the same copy when it comes back once more.
    """
    await postgres_store.append([an_append(1)])
    copy = await admin.fetch("SELECT epoch, payloads_apart, born_in FROM era")

    async def come_back() -> None:
        await admin.execute("CREATE TABLE era_restored (LIKE era INCLUDING ALL)")
        await admin.execute("DROP TABLE era")
        await admin.execute("ALTER TABLE era_restored RENAME TO era")
        await admin.execute("INSERT INTO era (epoch, payloads_apart, born_in) VALUES ($1, $2, $3)", *copy[0])

    for past, epoch in ((0, 2), (2, 3)):
        await come_back()
        with pytest.raises(EpochStale, match=r"came back from a dump.*queuebit ops new-epoch"):
            await PostgresStore.open(settings)
        assert await new_epoch(settings, past=past) == epoch
        async with await PostgresStore.open(settings) as store:
            assert store.epoch == epoch
