"""Sessions that the server cuts while the store is at work: callers see one kind of error, and the next call goes through."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest

from queuebit_store.connections.migrations import migrate, schema_status
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import Position
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append, an_id

CUTS = 60
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE $1 || '-%' AND pid <> pg_backend_pid()
"""
_SESSIONS = """
SELECT application_name, current_setting('statement_timeout') FROM pg_stat_activity
WHERE application_name LIKE $1 || '-%' ORDER BY application_name
"""


@pytest.fixture
def victim(settings: PostgresSettings) -> PostgresSettings:
    """Settings whose sessions no other test has."""
    return replace(settings, application_name=f"victim-{settings.namespace[-8:]}")


@pytest.fixture
async def store(victim: PostgresSettings) -> AsyncIterator[PostgresStore]:
    async with await PostgresStore.open(victim) as store:
        yield store


async def test_whatever_the_driver_makes_of_a_cut_session_is_a_store_that_is_away_for_now(
    store: PostgresStore, victim: PostgresSettings, admin: asyncpg.Connection
) -> None:
    """Some cuts are met as asyncpg's InternalClientError, which is neither of its own families of errors."""
    await store.append([an_append(1)])
    lease = await store.take("relay", "one", 600.0)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: store.append([an_append(1)]),
        lambda: store.read(Position(), limit=5),
        lambda: store.take("relay", "one", 600.0),
        lambda: store.save_cursor("relay", Position(1, 2, 3), lease),
    ]
    outcomes: Counter[str] = Counter()
    for number in range(CUTS):
        await admin.fetch(_CUT, victim.application_name)
        # The end of the session arrives while the loop is busy, as it does in a process at work.
        time.sleep(0.02)  # noqa: ASYNC251
        for call in calls[number % 4 :] + calls[: number % 4]:
            try:
                await call()
            except StoreUnavailable as error:
                outcomes[str(error).split(":")[0]] += 1

    assert outcomes.total() > CUTS // 4, "many cuts must have been noticed, or nothing was tested"
    async with asyncio.timeout(60):
        while True:
            try:
                assert await store.take("relay", "one", 600.0) == lease
                assert [event.version for event in await store.events_of(an_id(1))] == [1]
                break
            except StoreUnavailable:
                await asyncio.sleep(0.01)


async def test_workers_go_on_through_cuts_and_nothing_is_lost_or_written_twice(
    store: PostgresStore, victim: PostgresSettings, admin: asyncpg.Connection
) -> None:
    stop = asyncio.Event()

    async def work(stream: int) -> int:
        version = 0
        while not stop.is_set():
            try:
                await store.append([an_append(stream, expected=version)])
                version = len(await store.events_of(an_id(stream)))
            except StoreUnavailable:
                await asyncio.sleep(0)
        return version

    workers = [asyncio.create_task(work(stream)) for stream in range(1, 7)]
    for _ in range(CUTS):
        await admin.fetch(_CUT, victim.application_name)
        await asyncio.sleep(0.01)
    stop.set()
    reached = await asyncio.gather(*workers)

    assert min(reached) > 0
    for stream, version in enumerate(reached, 1):
        async with await PostgresStore.open(victim) as other:
            versions = [event.version for event in await other.events_of(an_id(stream))]
        assert versions == list(range(1, len(versions) + 1))
        assert version <= len(versions) <= version + 1, "the last append may have been answered by an error"


async def test_migrations_of_a_cut_session_are_unavailable(victim: PostgresSettings, admin: asyncpg.Connection) -> None:
    stop = asyncio.Event()

    async def cut() -> None:
        while not stop.is_set():
            await admin.fetch(_CUT, victim.application_name)

    cutting = asyncio.create_task(cut())
    failures = 0
    for _ in range(CUTS):
        try:
            await migrate(victim)
            await schema_status(victim)
        except StoreUnavailable:
            failures += 1
    stop.set()
    await cutting

    assert failures > 0
    assert (await schema_status(victim)).pending_pre == ()


async def test_every_session_says_who_it_is_and_is_bounded(
    store: PostgresStore, victim: PostgresSettings, admin: asyncpg.Connection
) -> None:
    await store.take("relay", "one", 600.0)
    name = victim.application_name

    sessions = [row["application_name"] for row in await admin.fetch(_SESSIONS, name)]
    bounds = {
        setting: await store._session._append_pool.fetchval("SELECT current_setting($1)", setting)
        for setting in (
            *("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"),
            *("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"),
        )
    }

    assert sessions == [f"{name}-append", f"{name}-lead", f"{name}-query"]
    assert bounds == {
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "5s",
        "transaction_timeout": "15s",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "15000",
    }


async def test_a_transaction_of_ours_that_stays_open_is_ended_by_the_server(settings: PostgresSettings) -> None:
    hasty = replace(settings, statement_timeout_s=2.0, transaction_timeout_s=2.1, idle_in_transaction_timeout_s=60.0)
    async with await PostgresStore.open(hasty) as store:
        await store.append([an_append(1)])
        async with asyncio.timeout(60):
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
                await _busy_for_ever(store)
        assert await store.append([an_append(1, expected=1)]) == [True]


async def _busy_for_ever(store: PostgresStore) -> None:
    """Never idle and never long in one statement, so that only the bound of the whole transaction ends it."""
    async with store._session._append_pool.acquire() as connection, connection.transaction():
        await connection.fetchval("SELECT pg_current_xact_id()")
        while True:
            await connection.fetchval("SELECT pg_sleep(0.01)")
