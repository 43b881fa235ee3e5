"""Deeds on PostgreSQL, for who may take them away: services only add to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader
from queuebit_store.connections.settings import PostgresSettings

STEP_DEEDS = 5000
"""So many are forgotten by one statement: none takes long, and an interruption loses nothing."""


@asynccontextmanager
async def opened_trail(settings: PostgresSettings) -> AsyncIterator[Trail]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield Trail(connection)


class Trail(RoomReader):
    """Made by `opened_trail`."""

    room = "trail"

    async def tenants(self) -> list[str]:
        """Who has deeds."""
        return [row[0] for row in await self._fetch("tenants")]

    async def count(self, tenants: Sequence[str], before: datetime) -> dict[str, int]:
        """How many deeds of before a time each has; of whom there are none is absent."""
        found = {each: int((await self._fetch("count_before", each, before))[0][0]) for each in tenants}
        return {tenant: count for tenant, count in found.items() if count}

    async def forget(self, tenant: str, before: datetime, limit: int) -> int:
        """Forget the oldest of them, at most so many and not more than a step; how many that were."""
        return await self._changed("forget_before", tenant, before, min(limit, STEP_DEEDS))
