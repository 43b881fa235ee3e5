"""Diagnosis: what waits for an ordered reader, and which open transaction holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from queuebit_store.diagnosis.port import Backlog
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Position
from queuebit_store.postgres import PostgresSettings
from tests.contract.store.builders import an_append

WAIT_S = 60.0
OpenTransaction = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture
def open_transaction(adapter: PostgresSettings | None, store: Any) -> OpenTransaction:
    """Somebody's transaction that has its id and does not end; gives who it is."""

    @asynccontextmanager
    async def one() -> AsyncIterator[str]:
        if adapter is None:
            assert isinstance(store, MemoryStore)
            with store.database.open_transaction() as xid:
                yield str(xid)
            return
        connection = await asyncpg.connect(adapter.url, server_settings={"application_name": "somebody else"})
        try:
            async with connection.transaction():
                await connection.fetchval("SELECT pg_current_xact_id()")
                yield str(connection.get_server_pid())
        finally:
            await connection.close()

    return one


async def settled(store: Any, holds: Callable[[Backlog], bool]) -> Backlog:
    """The backlog as soon as it is so: the server's own housekeeping may hold the horizon for a moment."""
    async with asyncio.timeout(WAIT_S):
        while not holds(backlog := await store.backlog("relay")):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    assert isinstance(backlog, Backlog)
    return backlog


async def test_a_store_takes_writes(store: Any) -> None:
    assert await store.writable() is True


async def test_nothing_waits_where_nothing_is_stored(store: Any) -> None:
    assert await store.backlog("relay") == Backlog(Position(), 0, None, None)


async def test_what_waits_is_counted_from_the_saved_cursor(store: Any) -> None:
    await store.append([an_append(1, events=3), an_append(2, events=2)])
    await store.append([an_append(3, category="path")])
    stored = await store.read(Position(), limit=9)
    await store.save_cursor("relay", stored[1].position)

    backlog = await settled(store, lambda found: found.held_age_s is None)
    assert (backlog.position, backlog.count) == (stored[1].position, 3)
    assert backlog.oldest_age_s is not None
    assert backlog.oldest_age_s >= 0.0
    assert (await store.backlog("relay", count_max=2)).count == 2
    assert (await store.backlog("another")).count == 5
    assert (await store.backlog("another", categories=("path",))).count == 1

    await store.save_cursor("relay", stored[-1].position)
    done = await settled(store, lambda found: found.held_age_s is None)
    assert done == Backlog(stored[-1].position, 0, None, None)


async def test_an_open_transaction_that_has_written_holds_events_back_and_is_named(
    store: Any, open_transaction: OpenTransaction
) -> None:
    async with open_transaction() as who:
        await store.append([an_append(1)])

        backlog = await store.backlog("relay")
        assert backlog.count == 1
        assert backlog.held_age_s is not None
        later = await settled(store, lambda found: (found.held_age_s or 0.0) > (backlog.held_age_s or 0.0))
        assert later.oldest_age_s == pytest.approx(later.held_age_s, abs=1.0)
        holder = (await store.horizon_holders())[0]
        assert (holder.kind, holder.who) == ("session", who)
        assert holder.age_s is not None
        assert holder.age_s >= backlog.held_age_s

    await settled(store, lambda found: found.held_age_s is None)
    assert who not in [holder.who for holder in await store.horizon_holders()]


async def test_the_oldest_of_several_comes_first(store: Any, open_transaction: OpenTransaction) -> None:
    async with open_transaction() as first, open_transaction() as second, open_transaction() as third:
        assert [holder.who for holder in await store.horizon_holders()] == [first, second, third]
        assert [holder.who for holder in await store.horizon_holders(limit=1)] == [first]


async def test_the_time_goes_on_in_the_store(store: Any) -> None:
    first = await store.now()
    second = await store.now()

    assert first.tzinfo is not None
    assert second >= first
