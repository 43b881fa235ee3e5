"""Leadership on PostgreSQL: an advisory lock of a session of its own; when the connection is lost, so is the lead."""

from __future__ import annotations

import asyncio

import asyncpg

from queuebit_store.errors import StoreUnavailable
from queuebit_store.postgres.queries import queries
from queuebit_store.postgres.settings import PostgresSettings, connect_arguments
from queuebit_store.postgres.translate import translated


class PostgresLeadership:
    """The connection is opened by the first `try_lead`."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._held: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def try_lead(self, name: str) -> bool:
        """Asks the server each time, also for a lead that is held. Raises StoreUnavailable; then nothing is held any more."""
        async with self._one_at_a_time:
            try:
                with translated():
                    return await self._try_lead(name)
            except StoreUnavailable:
                await self._disconnect()
                raise

    async def _try_lead(self, name: str) -> bool:
        if self._connection is None or self._connection.is_closed():
            self._held.clear()
            self._connection = await asyncpg.connect(**connect_arguments(self._settings, role="lead"))
        if name in self._held:
            # The lock counts how often it is taken, so it is not taken again; that the session answers is enough.
            await self._connection.execute("SELECT 1")
            return True
        taken: bool = await self._connection.fetchval(queries()["try_lead"], name)
        if taken:
            self._held.add(name)
        return taken

    async def release(self, name: str) -> None:
        """A lead that is not held is no error."""
        async with self._one_at_a_time:
            if name not in self._held or self._connection is None:
                return
            self._held.discard(name)
            try:
                with translated():
                    await self._connection.fetchval(queries()["release_lead"], name)
            except StoreUnavailable:
                await self._disconnect()

    async def close(self) -> None:
        """Give every lead back."""
        async with self._one_at_a_time:
            await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            connection.terminate()
