"""The connections of one process, a pool for each role: appends, large ones, what a leader says, queries, and what operators
ask, who wait for nobody and hold up nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg

from queuebit_store.connections.moments import teach_moments
from queuebit_store.connections.queries import charged_append, locked_query, queries
from queuebit_store.connections.settings import (
    APPEND,
    LARGE,
    LEAD,
    OPERATE,
    QUERY,
    PostgresSettings,
    Role,
    connect_arguments,
    milliseconds,
)
from queuebit_store.connections.translate import translated

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connected = PoolConnectionProxy[asyncpg.Record]
    """A connection that is lent."""

CLOSE_TIMEOUT_S = 5.0
TRANSACTION_TIMEOUT_SINCE = 17
"""The first major version of PostgreSQL that knows transaction_timeout."""

_OF_THE_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

log = logging.getLogger(__name__)


async def _keep_as_is(_connection: object) -> None:
    """No statement here changes its session, so nothing needs a reset, and no release costs a round trip."""


class Session:
    """Runs named statements. Connections that broke are replaced on next use."""

    def __init__(self, settings: PostgresSettings) -> None:
        self.settings = settings
        self._told_of_version = False
        self._append_pool = self._pool(APPEND, settings.append_connections, 1)
        self._large_pool = self._pool(LARGE, 1, 0)
        self._query_pool = self._pool(QUERY, settings.query_connections_max, 1)
        self._lead_pool = self._pool(LEAD, 1, 0)
        self._operate_pool = self._pool(OPERATE, settings.operate_connections_max, 0)
        self._reader_pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._open: list[asyncpg.Pool[asyncpg.Record]] = []

    def _pool(
        self, role: Role, size_max: int, size_min: int, reader: str | None = None
    ) -> asyncpg.Pool[asyncpg.Record]:
        return asyncpg.create_pool(
            **connect_arguments(self.settings, role=role, reader=reader),
            min_size=size_min,
            max_size=size_max,
            max_inactive_connection_lifetime=0.0,
            init=partial(self._begin, role=role),
            reset=_keep_as_is,
        )

    async def _begin(self, connection: asyncpg.Connection[asyncpg.Record], *, role: Role) -> None:
        """What a new connection is told, once. A server that does not know a setting would refuse a connection for it."""
        await teach_moments(connection)
        version = connection.get_server_version()
        if version.major >= TRANSACTION_TIMEOUT_SINCE:
            timeout_s = role.transaction_timeout_s or self.settings.transaction_timeout_s
            await connection.fetchval(queries()["bound_transactions"], milliseconds(timeout_s))
        elif not self._told_of_version:
            self._told_of_version = True
            log.warning(
                "PostgreSQL %d has no transaction_timeout: only idle transactions of ours are bounded", version.major
            )

    async def open(self) -> None:
        """Connect. Raises StoreUnavailable or InvalidSettings. The connections of a leader, for large appends and for operators
        are made when they are first needed.
        """
        for pool in (self._operate_pool, self._lead_pool, self._large_pool, self._append_pool, self._query_pool):
            with translated():
                await pool
            self._open.append(pool)

    async def find_reader(self, guarded: Sequence[str]) -> None:
        """Look whether this user reads the rows of one tenant as another one, for which all `guarded` tables have a policy. Its
        connections are made when they are needed.
        """
        for row in await self.fetch("reader", [*guarded]):
            pool = self._pool(QUERY, self.settings.query_connections_max, 0, row["reader"])
            with translated():
                await pool
            self._open.append(pool)
            self._reader_pool = pool

    async def close(self) -> None:
        """Let running statements end, for a bounded time, and disconnect."""
        while self._open:
            pool = self._open.pop()
            try:
                await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
            except Exception:
                # Whatever a cut session makes of a farewell: it is over.
                pool.terminate()

    async def fetch_append(self, *arguments: Any, large: bool) -> list[asyncpg.Record]:
        """Run the append statement, on a connection for appends. Large ones have their own: no small one waits for them."""
        return await _fetch(self._large_pool if large else self._append_pool, "append", arguments)

    async def fetch_charged(self, *arguments: Any, large: bool) -> list[asyncpg.Record]:
        """Run the append statement with what the ledger of budgets adds to it."""
        pool = self._large_pool if large else self._append_pool
        with translated():
            return await pool.fetch(charged_append(), *arguments)

    async def fetch_large(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement on the connection for what is large."""
        return await _fetch(self._large_pool, name, arguments)

    async def fetch_lead(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement on the connection that serves the lead alone: it must not queue behind slow reads."""
        return await _fetch(self._lead_pool, name, arguments)

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement that a service waits for."""
        return await _fetch(self._query_pool, name, arguments)

    async def fetch_of(self, tenant: str | None, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement that a service waits for, over the rows of one tenant: where this user has one for readers,
        that sees no others, whatever the statement asks. With None over all.
        """
        if tenant is None or self._reader_pool is None:
            return await _fetch(self._query_pool, name, arguments)
        with translated():
            return await self._reader_pool.fetch(locked_query(name), *arguments, tenant)

    async def fetch_text(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement that was made of a named one and the name of a table, which a service waits for."""
        with translated():
            return await self._query_pool.fetch(statement, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connected]:
        """A transaction of an operator's, of several statements: what raises within it takes it back. What the driver raises
        within it becomes a StoreError here.
        """
        async with AsyncExitStack() as stack:
            with translated():
                connection = await stack.enter_async_context(self._operate_pool.acquire())
                transaction = connection.transaction()
                await transaction.start()
            try:
                yield connection
            except BaseException as error:
                with translated():
                    await transaction.rollback()
                    if isinstance(error, _OF_THE_DRIVER):
                        raise
                raise
            with translated():
                await transaction.commit()

    async def fetch_operate(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement of an operator, which may take minutes."""
        return await _fetch(self._operate_pool, name, arguments)


async def _fetch(pool: asyncpg.Pool[asyncpg.Record], name: str, arguments: tuple[Any, ...]) -> list[asyncpg.Record]:
    statement = queries()[name]
    with translated():
        return await pool.fetch(statement, *arguments)
