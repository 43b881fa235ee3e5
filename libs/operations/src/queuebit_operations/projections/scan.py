"""Events and rows of projections side by side, in the order of jobs: what verifying them reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.projections.projection import Key, Projection, Row
from queuebit_operations.connections.own import own_connection
from queuebit_operations.projections.reading import statements
from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.connections.translate import translated
from queuebit_store.ports import Position
from queuebit_store.projections.columns import build_of, key_of, row_of
from queuebit_store.projections.port import Build, ReadEvent

PAGE_EVENTS = 8000
NOWHERE, EVERYWHERE = UUID(int=0), UUID(int=(1 << 128) - 1)
VERSION_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows of a build at one moment, and the cursor at that moment: the rows hold all events up to there, and no other."""

    cursor: Position
    rows: Mapping[Key, Row]


@dataclass(frozen=True, slots=True)
class JobPage:
    """All events of some jobs, and what builds with a row a job hold of just these, by the name of the build."""

    events: Sequence[ReadEvent]
    stored: Mapping[str, Stored]


@asynccontextmanager
async def opened_projected(settings: PostgresSettings) -> AsyncIterator[ProjectedScan]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield ProjectedScan(connection)


class ProjectedScan:
    """Made by `opened_projected`. Holds no lock, and no transaction longer than a page."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def builds(self) -> list[Build]:
        """All builds."""
        with translated():
            return list(map(build_of, await self._connection.fetch(queries()["builds"])))

    async def whole(self, projection: Projection, build: Build) -> Stored:
        """All rows of a build."""
        async with self._one_moment():
            return await self._stored(projection, build, "rows_of_build")

    async def archived(self) -> bool:
        """Whether part of the log lies in files."""
        with translated():
            return bool(await self._connection.fetchval(statements()["any_archived"]))

    async def pages(self, chosen: Sequence[tuple[Projection, Build]], types: frozenset[str]) -> AsyncIterator[JobPage]:
        """The whole log in the order of jobs. `chosen`: builds that have a row a job."""
        after, limit = NOWHERE, PAGE_EVENTS
        while True:
            async with self._one_moment():
                found = await self._fetch("events_of_range", after, VERSION_MAX, list(PUBLISHED), sorted(types), limit)
                full = len(found) == limit
                last = found[-1]["stream_id"] if full else EVERYWHERE
                rows = [row for row in found if row["stream_id"] != last] if full else found
                if full and not rows:
                    limit *= 2
                    continue
                until = rows[-1]["stream_id"] if full else EVERYWHERE
                stored = {
                    build.build: await self._stored(projection, build, "rows_of_range", after, until)
                    for projection, build in chosen
                }
            yield JobPage(list(map(ReadEvent._make, rows)), stored)
            if not full:
                return
            after, limit = until, PAGE_EVENTS

    async def _stored(self, projection: Projection, build: Build, name: str, *arguments: UUID) -> Stored:
        columns = ", ".join(projection.columns)
        text = statements()[name].format(
            columns=columns, table=f'"projection_{build.build}"', key=next(iter(projection.columns))
        )
        with translated():
            found = await self._connection.fetch(text, *arguments)
            cursor = await self._connection.fetchrow(statements()["cursor_of_build"], build.lease)
        rows = {key_of(projection, row): row for row in map(row_of(projection), found)}
        return Stored(Position() if cursor is None else Position(*cursor), rows)

    async def _fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        with translated():
            return await self._connection.fetch(statements()[name], *arguments)

    @asynccontextmanager
    async def _one_moment(self) -> AsyncIterator[None]:
        with translated():
            transaction = self._connection.transaction(isolation="repeatable_read", readonly=True)
            await transaction.start()
        try:
            yield
        finally:
            with translated():
                await transaction.rollback()
