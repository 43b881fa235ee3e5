"""Both adapters behind one fixture; each test has a namespace of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.fixtures import admin, empty_settings, postgres_store, settings

__all__ = ["admin", "empty_settings", "postgres_store", "settings"]

Store = MemoryStore | PostgresStore
OpenSession = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["memory", "postgres"])
def adapter(request: pytest.FixtureRequest) -> PostgresSettings | None:
    """None for the adapter in memory, whose leg needs no server. Not async: a fixture asked for by name may not be."""
    if request.param == "memory":
        return None
    settings: PostgresSettings = request.getfixturevalue("settings")
    return settings


@pytest.fixture
async def open_session(adapter: PostgresSettings | None) -> AsyncIterator[OpenSession]:
    """Opens one more process's session on the test's database."""
    async with AsyncExitStack() as sessions:
        if adapter is None:
            database = MemoryDatabase()

            async def open_one() -> Store:
                store = MemoryStore(database)
                sessions.push_async_callback(store.close)
                return store

        else:

            async def open_one() -> Store:
                return await sessions.enter_async_context(await PostgresStore.open(adapter))

        yield open_one


@pytest.fixture
async def store(open_session: OpenSession) -> Store:
    return await open_session()
