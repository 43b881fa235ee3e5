"""Choosing on PostgreSQL: a connection of its own, on which nobody who appends waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from queuebit_contracts.jobs import JOB_STATES, TERMINAL_STATES
from queuebit_operations.choosing.port import AnsweredBy, ProvedBy, Standing, Surveyed
from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader
from queuebit_store.connections.settings import PostgresSettings

OPEN_STATES = [state for state in JOB_STATES if state not in TERMINAL_STATES]


@asynccontextmanager
async def opened_choosing(settings: PostgresSettings) -> AsyncIterator[PostgresChoosing]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield PostgresChoosing(connection)


class PostgresChoosing(RoomReader):
    """Made by `opened_choosing`."""

    room = "choosing"

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

    async def proved(self, wanted: ProvedBy) -> list[UUID]:
        return await self._resting("proved", wanted)

    async def refuted(self, wanted: ProvedBy) -> list[UUID]:
        return await self._resting("refuted", wanted)

    async def _resting(self, name: str, wanted: ProvedBy) -> list[UUID]:
        found = await self._fetch(
            name, wanted.solver, wanted.version, wanted.since, wanted.until, wanted.tenant, wanted.kind
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
