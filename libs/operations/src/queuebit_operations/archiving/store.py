"""What an archive takes from the store and gives back, on a connection of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.archiving.tables import PAGE_ROWS, TABLES
from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader
from queuebit_operations.replaying.topic import REPLAYS
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.connections.translate import translated
from queuebit_store.partitions.port import Partition
from queuebit_store.ports import Position

Rows = Sequence[Any]
"""Rows of a table, each with its columns in order."""
_KEYS = {"events": ("stream_id", "version"), "streams": ("stream_id",), "keys": ("stream_id", "tenant", "key")}
"""By what each table is read in order."""
_LAST = {"events": (2**31 - 1,), "streams": (), "keys": ("\U0010ffff", "\U0010ffff")}
"""Behind all rows of one stream."""


OUT = frozenset({"detached", "archived"})
"""The states of archives whose events are not in the log."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What the store remembers of an archive."""

    name: str
    since: datetime
    until: datetime
    digest: str
    folder: str
    events: int
    streams: int
    state: str
    actor: str
    reason: str
    noted_at: datetime


def folder_of(noted: Noted, archives: Path | None) -> Path | None:
    """Where an archive lies: below `archives`, or where it was written; None where it is in neither place."""
    places = [archives / noted.name] if archives is not None else [Path(noted.folder)]
    return next((place for place in places if place.is_dir()), None)


@asynccontextmanager
async def opened_archives(settings: PostgresSettings) -> AsyncIterator[ArchiveStore]:
    """Connected until the end of the block. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield ArchiveStore(connection)


def _readers(rows: Rows) -> list[str]:
    return [row[0] for row in rows if not row[0].startswith(REPLAYS)]


class ArchiveStore(RoomReader):
    """Made by `opened_archives`."""

    room = "archiving"

    async def partitions(self) -> list[Partition]:
        """The partitions of the log, the oldest first."""
        return [Partition(*row) for row in await self._fetch("partitions")]

    async def archives(self) -> list[Noted]:
        return [Noted(*row) for row in await self._fetch("archives")]

    async def noted(self, name: str) -> Noted | None:
        """What is remembered of the archive of a month."""
        return next((each for each in await self.archives() if each.name == name), None)

    async def size(self, partition: Partition) -> tuple[int, int]:
        """How many events and streams it has."""
        row = (await self._fetch("size", partition.from_id, partition.until_id))[0]
        return int(row[0]), int(row[1])

    async def unfinished(self, partition: Partition) -> int:
        """How many of its streams may still get events."""
        bounds = (partition.from_id, partition.until_id)
        return int((await self._fetch("unfinished", *bounds, list(PUBLISHED), list(TERMINAL_STATES)))[0][0])

    async def unread(self, partition: Partition) -> list[str]:
        """The ordered readers that have not read all of it. A replay is none: its set was frozen, and it may never end."""
        rows = await self._fetch("unread", partition.from_id, partition.until_id, list(PUBLISHED))
        return _readers(rows)

    async def behind(self, place: Position) -> list[str]:
        """The ordered readers that stand before a place of the log."""
        return _readers(await self._fetch("unread_place", *place))

    async def pages(self, table: str, partition: Partition) -> AsyncIterator[Rows]:
        """The rows of a table that belong to the partition, in pages."""
        place: tuple[Any, ...] = (UUID(int=max(0, partition.from_id.int - 1)), *_LAST[table])
        keys = [list(TABLES[table]).index(name) for name in _KEYS[table]]
        while rows := await self._fetch(f"page_of_{table}", partition.until_id, *place, PAGE_ROWS):
            yield rows
            place = tuple(rows[-1][key] for key in keys)

    async def note(
        self, partition: Partition, digest: str, folder: str, events: int, streams: int, actor: str, reason: str
    ) -> None:
        """Remember that it was written, and where."""
        await self._fetch(
            "note_archive",
            partition.name,
            partition.since,
            partition.until,
            digest,
            folder,
            events,
            streams,
            actor,
            reason,
        )

    @asynccontextmanager
    async def before_builds(self) -> AsyncIterator[None]:
        """A transaction in which no projection is begun: what one would read is not taken out under its hands."""
        with translated():
            transaction = self._connection.transaction()
            await transaction.start()
        try:
            await self._fetch("lock_archiving")
            yield
        except BaseException:
            with translated():
                await transaction.rollback()
            raise
        with translated():
            await transaction.commit()

    async def take_out(self, partition: Partition, events: int) -> bool:
        """Take its events out; False where it holds others than so many."""
        return bool((await self._fetch("take_out", partition.name, events))[0][0])

    async def clear(self, partition: Partition) -> None:
        """Drop what belongs to events that are out, a page in a transaction; then it is archived."""
        for name in ("clear_streams", "clear_keys", "clear_payloads"):
            while await self._changed(name, partition.from_id, partition.until_id, PAGE_ROWS):
                pass
        await self._fetch("archive_state", partition.name, "archived")

    async def begin_restore(self, partition: Partition) -> None:
        await self._fetch("begin_restore", partition.name)

    async def put(self, partition: Partition, table: str, rows: Rows) -> None:
        """Put a page back."""
        if table == "events":
            with translated():
                await self._connection.copy_records_to_table(
                    f"{partition.name}_restored", records=rows, columns=list(TABLES[table])
                )
        else:
            await self._fetch(f"restore_{table}", *zip(*rows, strict=True))

    async def end_restore(self, partition: Partition) -> None:
        await self._fetch("end_restore", partition.name, partition.since, partition.until)
