"""Scan on PostgreSQL: one connection, pages of one snapshot each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import asyncpg

from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.room import RoomReader
from queuebit_operations.scan.port import AttemptRow, EventRow, GateRow, LeaseState, LedgerRow, Marks, Selection, Stream
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.heads.columns import stream_row
from queuebit_store.ports import Position, Reservation, StreamRow

PAGE_EVENTS = 4000
PAGE_STREAMS = 500
PAGE_KEYS = 5000
PAGE_IDS = 20_000
NOWHERE = UUID(int=0)
EVERYWHERE = UUID(int=(1 << 128) - 1)


@asynccontextmanager
async def opened_scan(settings: PostgresSettings) -> AsyncIterator[PostgresScan]:
    """A connection of its own, so that no append waits behind it. Raises what the store raises."""
    async with own_connection(settings) as connection:
        yield PostgresScan(connection)


class PostgresScan(RoomReader):
    """Reads whole streams. Made by `opened_scan`."""

    room = "scan"

    @property
    def connection(self) -> asyncpg.Connection[asyncpg.Record]:
        return self._connection

    async def streams(self, selection: Selection, *, page_events: int = PAGE_EVENTS) -> AsyncIterator[list[Stream]]:
        if selection.everything:
            pages = self._all(page_events)
        elif selection.jobs:
            jobs = selection.jobs
            pages = self._some([jobs[at : at + PAGE_STREAMS] for at in range(0, len(jobs), PAGE_STREAMS)])
        else:
            pages = self._selected(selection)
        async for page in pages:
            yield [stream for stream in page if selection.includes(stream)] if selection.jobs else page

    async def some_streams(
        self, wanted: Callable[[UUID], bool], *, page_events: int = PAGE_EVENTS
    ) -> AsyncIterator[list[Stream]]:
        after, ids, size = NOWHERE, list[UUID](), 0
        while rows := await self._fetch("stream_sizes", after, PAGE_IDS):
            for stream_id, events in rows:
                if wanted(stream_id):
                    ids.append(stream_id)
                    size += 1 + events
                if size > page_events:
                    async for page in self._some([ids]):
                        yield page
                    ids, size = [], 0
            after = rows[-1]["stream_id"]
        if ids:
            async for page in self._some([ids]):
                yield page

    async def count(self, selection: Selection) -> tuple[int, int]:
        streams, events = (
            await self._fetch(
                "count_streams",
                list(selection.jobs),
                list(selection.tenants),
                list(selection.types),
                selection.since,
                selection.until,
            )
        )[0]
        return streams, events

    async def marks(self) -> Marks:
        cursors = {row[0]: Position(*row[1:]) for row in await self._fetch("cursors")}
        row = (await self._fetch("newest", list(PUBLISHED)))[0]
        newest = Position() if row["seq"] is None else Position(row["epoch"], row["xid"], row["seq"])
        return Marks(cursors, newest, row["era"], row["next_xid"], row["copied"])

    async def leases(self) -> list[LeaseState]:
        return [LeaseState(*row) for row in await self._fetch("leases")]

    async def event_id(self, stream_id: UUID, version: int) -> UUID | None:
        rows = await self._fetch("has_event", stream_id, version)
        return rows[0][0] if rows else None

    async def ledger(self, *, page: int = PAGE_KEYS) -> AsyncIterator[list[LedgerRow]]:
        after = NOWHERE
        while rows := await self._fetch("ledger", after, page):
            yield [LedgerRow(*row) for row in rows]
            after = rows[-1]["key"]

    async def attempts(self, *, page: int = PAGE_KEYS) -> AsyncIterator[list[AttemptRow]]:
        after = NOWHERE
        while rows := await self._fetch("kept_attempts", after, page):
            yield [AttemptRow(*row) for row in rows]
            after = rows[-1]["attempt_id"]

    async def gates(self) -> list[GateRow]:
        return [GateRow(*row) for row in await self._fetch("open_gates")]

    async def reservations(self, *, page: int = PAGE_KEYS) -> AsyncIterator[list[Reservation]]:
        after = ("", "")
        while rows := await self._fetch("reservations", *after, page):
            yield [Reservation(*row) for row in rows]
            after = (rows[-1]["tenant"], rows[-1]["key"])

    async def _all(self, page_events: int) -> AsyncIterator[list[Stream]]:
        """By events, so that those without a head are met too; a stream that a page cuts in two is read again with the next."""
        after, limit = NOWHERE, page_events
        while True:
            async with self.one_moment():
                rows = await self._fetch("scan_events", after, EVENTS_END, limit)
                full = len(rows) == limit
                events = list(map(EventRow._make, rows))
                last = events[-1].stream_id if full else EVERYWHERE
                if full:
                    events = [event for event in events if event.stream_id != last]
                    if not events:
                        limit *= 2
                        continue
                until = events[-1].stream_id if full else EVERYWHERE
                heads = await self._heads(after, until)
            page = _joined(heads, events)
            if page:
                yield page
            if not full:
                return
            after, limit = until, page_events

    async def _heads(self, after: UUID, until: UUID) -> list[StreamRow]:
        """All heads of a range: in pages too, as many may have lost their events."""
        found: list[StreamRow] = []
        while rows := await self._fetch("scan_heads", after, until, PAGE_KEYS):
            found += map(stream_row, rows)
            if len(rows) < PAGE_KEYS:
                break
            after = found[-1].stream_id
        return found

    async def _selected(self, selection: Selection) -> AsyncIterator[list[Stream]]:
        after = NOWHERE
        wanted = (list(selection.tenants), list(selection.types), selection.since, selection.until)
        while rows := await self._fetch("select_streams", after, *wanted, PAGE_STREAMS):
            ids = [row[0] for row in rows]
            async for page in self._some([ids]):
                yield page
            after = ids[-1]

    async def _some(self, groups: Sequence[Sequence[UUID]]) -> AsyncIterator[list[Stream]]:
        for ids in groups:
            async with self.one_moment():
                events = list(map(EventRow._make, await self._fetch("events_of_streams", list(ids))))
                heads = list(map(stream_row, await self._fetch("heads_of_streams", list(ids))))
            yield _joined(heads, events)


EVENTS_END = 2_147_483_647
"""Behind the last version that a stream can have."""


def _joined(heads: Sequence[StreamRow], events: Sequence[EventRow]) -> list[Stream]:
    """Heads and events of the same streams together, in the order of the ids."""
    by_id = {head.stream_id: head for head in heads}
    found = {
        stream_id: Stream(stream_id, by_id.get(stream_id), tuple(some))
        for stream_id, some in groupby(events, key=attrgetter("stream_id"))
    }
    lost = (Stream(head.stream_id, head, ()) for head in heads if head.stream_id not in found)
    return sorted((*found.values(), *lost), key=attrgetter("stream_id"))
