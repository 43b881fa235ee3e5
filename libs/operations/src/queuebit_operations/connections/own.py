"""A connection for one verb alone, so that no append waits behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from queuebit_store.connections.moments import teach_moments
from queuebit_store.connections.settings import OPERATE, PostgresSettings, connect_arguments
from queuebit_store.connections.translate import translated


@asynccontextmanager
async def own_connection(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Connected as an operator until the end of the block. Raises what the store raises."""
    with translated():
        connection = await asyncpg.connect(**connect_arguments(settings, role=OPERATE))
        await teach_moments(connection)
    try:
        yield connection
    finally:
        connection.terminate()
