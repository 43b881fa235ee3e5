"""A month that is over, whatever day it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

PAST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
"""From here on there is room for partitions that are over, once `make_room` was called."""


async def make_room(admin: asyncpg.Connection) -> None:
    """Let the first partition, which a migration makes up to this month, end at `PAST`. The store must be empty."""
    async with admin.transaction():
        bound = await admin.fetchval("SELECT stream_bound($1)", PAST)
        await admin.execute("ALTER TABLE event DETACH PARTITION event_before")
        await admin.execute(
            f"ALTER TABLE event ATTACH PARTITION event_before FOR VALUES FROM (MINVALUE) TO ('{bound}')"
        )
        await admin.execute(
            "UPDATE event_partition SET until_id = $1, until = $2 WHERE name = 'event_before'", bound, PAST
        )
