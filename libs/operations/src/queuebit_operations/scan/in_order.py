"""Selected events in the order in which they happened, window by window: no statement walks more than one window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import asyncpg

from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.connections.room import RoomReader
from queuebit_operations.scan.port import EventRow, Selection
from queuebit_store.ports import Position

WINDOW_EVENTS = 20_000


class Window(NamedTuple):
    """What is selected between two positions, and the second of them."""

    events: list[EventRow]
    end: Position


class EventsInOrder(RoomReader):
    """Events that happened up to a position, which is where the set is frozen."""

    room = "scan"

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], selection: Selection, until: Position) -> None:
        """In `selection` the type and the time are those of each event."""
        super().__init__(connection)
        self._selection = selection
        self._until = until
        self._filters = (list(selection.tenants), list(selection.types), selection.since, selection.until)

    async def count(self, after: Position = Position()) -> int:  # noqa: B008
        """How many are selected after a position."""
        if self._selection.jobs:
            return len(await self._of_jobs(after))
        total = 0
        while (end := await self._window_end(after)) is not None:
            row = await self._fetch("window_count", *self._between(after, end))
            total += row[0][0]
            after = end
        return total

    async def windows(self, after: Position = Position()) -> AsyncIterator[Window]:  # noqa: B008
        """Window after window. A few jobs are one."""
        if self._selection.jobs:
            yield Window(await self._of_jobs(after), self._until)
            return
        while (end := await self._window_end(after)) is not None:
            yield Window(list(map(EventRow._make, await self._fetch("window_events", *self._between(after, end)))), end)
            after = end

    async def _of_jobs(self, after: Position) -> list[EventRow]:
        arguments = (list(self._selection.jobs), list(PUBLISHED), *after, *self._until, *self._filters)
        return list(map(EventRow._make, await self._fetch("events_of_jobs", *arguments)))

    async def _window_end(self, after: Position) -> Position | None:
        if after >= self._until:
            return None
        rows = await self._fetch("window_end", list(PUBLISHED), *after, *self._until, WINDOW_EVENTS - 1)
        return Position(*rows[0]) if rows else self._until

    def _between(self, after: Position, end: Position) -> tuple[Any, ...]:
        return (list(PUBLISHED), *after, *end, list(self._selection.jobs), *self._filters)
