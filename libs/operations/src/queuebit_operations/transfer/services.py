"""Whether somebody works with a namespace: asked before anything is changed there, whatever its tables are like."""

from __future__ import annotations

from queuebit_operations.connections.own import own_connection
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.connections.translate import translated

RELAYS = ["publisher", "relay"]
"""The cursors of the relay, that of older releases too."""


async def services_run(settings: PostgresSettings) -> bool:
    """Whether a relay has ever published from there. Raises what the store raises."""
    async with own_connection(settings) as connection:
        with translated():
            if await connection.fetchval("SELECT to_regclass('cursor')") is None:
                return False
            published = "SELECT EXISTS (SELECT FROM cursor WHERE name = ANY ($1::text[]) AND seq > 0)"
            return bool(await connection.fetchval(published, RELAYS))
