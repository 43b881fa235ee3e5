"""The connections of one process: a pool for appends alone, and one for everything else."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from queuebit_store.postgres.moments import teach_moments
from queuebit_store.postgres.queries import queries
from queuebit_store.postgres.settings import PostgresSettings, connect_arguments
from queuebit_store.postgres.translate import translated

CLOSE_TIMEOUT_S = 5.0


async def _keep_as_is(_connection: object) -> None:
    """No statement here changes its session, so nothing needs a reset, and no release costs a round trip."""


class Session:
    """Runs named statements. Connections that broke are replaced on next use."""

    def __init__(self, settings: PostgresSettings) -> None:
        self.settings = settings
        self._open: list[asyncpg.Pool[asyncpg.Record]] = []
        self._append_pool = self._pool("append", settings.append_connections, plan_cache_mode="force_generic_plan")
        self._query_pool = self._pool("query", settings.query_connections_max)

    def _pool(self, role: str, size_max: int, **server_settings: str) -> asyncpg.Pool[asyncpg.Record]:
        arguments = connect_arguments(self.settings, role=role)
        arguments["server_settings"] |= server_settings
        return asyncpg.create_pool(
            **arguments,
            min_size=1,
            max_size=size_max,
            max_inactive_connection_lifetime=0.0,
            init=teach_moments,
            reset=_keep_as_is,
        )

    async def open(self) -> None:
        """Connect. Raises StoreUnavailable or InvalidSettings."""
        with translated():
            for pool in (self._append_pool, self._query_pool):
                await pool
                self._open.append(pool)

    async def close(self) -> None:
        """Let running statements end, for a bounded time, and disconnect."""
        while self._open:
            pool = self._open.pop()
            try:
                await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pool.terminate()

    async def fetch_append(self, *arguments: Any) -> list[asyncpg.Record]:
        """Run the append statement, on a connection for appends."""
        with translated():
            return await self._append_pool.fetch(queries()["append"], *arguments)

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a named statement on any other connection."""
        with translated():
            return await self._query_pool.fetch(queries()[name], *arguments)
