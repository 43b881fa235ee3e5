"""Choosing on PostgreSQL: a connection of its own, on which nobody who appends waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import asyncpg

from queuebit_contracts.jobs import JOB_STATES, TERMINAL_STATES
from queuebit_operations.choosing.port import AnsweredBy, Standing, Surveyed
from queuebit_operations.connections.own import own_connection
from queuebit_store.connections.queries import named
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.connections.translate import translated

OPEN_STATES = [state for state in JOB_STATES if state not in TERMINAL_STATES]


@cache
def statements() -> dict[str, str]:
    """The statements of this room by name."""
    return named(files("queuebit_operations").joinpath("choosing", "statements.sql").read_text(encoding="utf-8"))


@asynccontextmanager
async def opened_choosing(settings: PostgresSettings) -> AsyncIterator[PostgresChoosing]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield PostgresChoosing(connection)


class PostgresChoosing:
    """Made by `opened_choosing`."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def answered(self, wanted: AnsweredBy) -> list[UUID]:
        found = await self._fetch(
            "answered",
            wanted.backend,
            wanted.version,
            wanted.calibrated_at,
            wanted.since,
            wanted.until,
            wanted.tenant,
            wanted.kind,
            wanted.suspect,
        )
        return [row[0] for row in found]

    async def standing(self, wanted: Standing) -> list[UUID]:
        states = OPEN_STATES if wanted.state is None else [wanted.state]
        found = await self._fetch(
            "standing", states, wanted.tenant, wanted.kind, wanted.tier, wanted.since, wanted.until
        )
        return [row[0] for row in found]

    async def survey(self, since: datetime, until: datetime, every_s: float) -> list[Surveyed]:
        return [Surveyed(*row) for row in await self._fetch("survey", since, until, every_s)]

    async def _fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated():
            return await self._connection.fetch(statements()[name], *arguments)
