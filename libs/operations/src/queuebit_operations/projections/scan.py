"""Events and rows of projections side by side, in the order of jobs: what verifying them reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.projections.projection import Key, Projection, Row
from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader, statements_of
from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.ports import Position
from queuebit_store.projections.columns import build_of, key_of, row_of
from queuebit_store.projections.port import PAGE_BYTES_MAX, Build, ReadEvent

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


class ProjectedScan(RoomReader):
    """Made by `opened_projected`. Holds no lock, and no transaction longer than a page."""

    room = "projections"

    async def builds(self) -> list[Build]:
        """All builds."""
        return list(map(build_of, await self._fetch_text(queries()["builds"])))

    async def whole(self, projection: Projection, build: Build) -> Stored:
        """All rows of a build."""
        async with self.one_moment():
            return await self._stored(projection, build, "rows_of_build")

    async def archived(self) -> bool:
        """Whether part of the log lies in files."""
        return bool((await self._fetch("any_archived"))[0][0])

    async def pages(
        self, chosen: Sequence[tuple[Projection, Build]], types: Mapping[str, int]
    ) -> AsyncIterator[JobPage]:
        """The whole log in the order of jobs, in pages of so many events and bytes, or of one job. `chosen`: builds that have a
        row a job. `types`: see `read_page` of the store.
        """
        after, limit, size = NOWHERE, PAGE_EVENTS, PAGE_BYTES_MAX
        while True:
            async with self.one_moment():
                known = (list(types), list(types.values()))
                found = await self._fetch("events_of_range", after, VERSION_MAX, list(PUBLISHED), *known, limit, size)
                full = bool(found) and (len(found) == limit or found[-1]["bytes"] > size)
                last = found[-1]["stream_id"] if full else EVERYWHERE
                rows = [row for row in found if row["stream_id"] != last] if full else found
                if full and not rows:
                    limit, size = limit * 2, size * 2
                    continue
                until = rows[-1]["stream_id"] if full else EVERYWHERE
                stored = {
                    build.build: await self._stored(projection, build, "rows_of_range", after, until)
                    for projection, build in chosen
                }
            fields = len(ReadEvent._fields)
            yield JobPage([ReadEvent._make(row[:fields]) for row in rows], stored)
            if not full:
                return
            after, limit, size = until, PAGE_EVENTS, PAGE_BYTES_MAX

    async def _stored(self, projection: Projection, build: Build, name: str, *arguments: UUID) -> Stored:
        columns = ", ".join(projection.columns)
        text = statements_of(self.room)[name].format(
            columns=columns, table=f'"projection_{build.build}"', key=next(iter(projection.columns))
        )
        found = await self._fetch_text(text, *arguments)
        cursor = next(iter(await self._fetch("cursor_of_build", build.lease)), None)
        rows = {key_of(projection, row): row for row in map(row_of(projection), found)}
        return Stored(Position() if cursor is None else Position(*cursor), rows)
