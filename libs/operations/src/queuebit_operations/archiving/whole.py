"""A log whose first months lie in files, read as one: what fills builds of projections from the very beginning.

A month is taken out as a whole when all of its jobs have ended, so its files have all of their events, job by job and each
job's in order, and the log has none. Places in files are positions of the epoch 0, in which the store appends nothing: they
stand before all of the log, and a cursor keeps them as any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from queuebit_operations.archiving.manifest import read_manifest
from queuebit_operations.archiving.store import OUT, Noted, folder_of
from queuebit_operations.archiving.tables import TABLES, need_arrow, read_table
from queuebit_operations.errors import BadArgument, InConflict
from queuebit_store.ports import Position
from queuebit_store.projections.port import PAGE_BYTES_MAX, Build, LogPages, Page, ReadEvent

EPOCH: Final = 0
_COLUMNS = list(TABLES["events"])
_CATEGORY = _COLUMNS.index("category")
_PLACES = [_COLUMNS.index(name) for name in ReadEvent._fields[3:]]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in a folder. `number`: when it began, in seconds."""

    number: int
    folder: Path
    events: int


def months_of(noted: Sequence[Noted], archives: Path | None) -> list[Month]:
    """The months that are out of the log, the oldest first. `archives`: where they lie now, where not as they were written.
    Raises BadArgument where one is not there, or not as it was taken out.
    """
    out = sorted((each for each in noted if each.state in OUT), key=lambda each: each.since)
    if out:
        need_arrow()
    return [Month(int(each.since.timestamp()), _whole(each, archives), each.events) for each in out]


def _whole(noted: Noted, archives: Path | None) -> Path:
    folder = folder_of(noted, archives)
    if folder is None:
        where = noted.folder if archives is None else archives / noted.name
        raise BadArgument(
            f"The archive of {noted.name} is not in {where}.",
            remedy="Say where archives lie now: --archives FOLDER. Or leave them out: --without-archives.",
        )
    if read_manifest(folder).digest != noted.digest:
        raise BadArgument(
            f"{folder} is another archive of {noted.name} than the one that was taken out.",
            remedy="Name the folder with the right one: --archives FOLDER.",
        )
    return folder


def reads_archives(build: Build) -> bool:
    """Whether a build that was begun before has anything of archives to read still."""
    return build.cursor.epoch == EPOCH


def refuse_without(build: Build) -> None:
    """Raises InConflict where the build cannot go on without archives, as it stands within one."""
    if build.cursor.epoch == EPOCH and build.cursor != Position():
        raise InConflict(
            f"The build {build.build} was begun with what lies in archives.",
            remedy="Go on with them, or begin another one: --anew.",
        )


class WholeLog:
    """Months first, then the log. `passed` is called when all of them are read, before anything of the log is."""

    def __init__(self, log: LogPages, months: Sequence[Month], passed: Callable[[], Awaitable[None]]) -> None:
        self._log = log
        self._months = months
        self._passed = passed
        self._at: Position | None = None
        self._rows: Iterator[tuple[Position, str, ReadEvent]] = iter(())
        self._back: tuple[Position, str, ReadEvent] | None = None

    async def read_page(
        self, after: Position, *, limit: int, categories: Sequence[str], types: Mapping[str, int]
    ) -> Page:
        if after.epoch != EPOCH:
            return await self._log.read_page(after, limit=limit, categories=categories, types=types)
        page = await asyncio.to_thread(self._page, after, limit, frozenset(categories), types)
        if page.count:
            return page
        await self._passed()
        found = await self._log.read_page(Position(), limit=limit, categories=categories, types=types)
        return found if found.count else Page((), after, 0)

    def _page(self, after: Position, limit: int, categories: frozenset[str], types: Mapping[str, int]) -> Page:
        """Empty behind the last. Always with more to come: the log, if nothing else."""
        if after != self._at:
            self._rows, self._back = self._rows_after(after), None
        events: list[ReadEvent] = []
        end, count, size = after, 0, 0
        while count < limit and (row := self._next()) is not None:
            place, category, event = row
            size += len(event.data)
            if size > PAGE_BYTES_MAX and count:
                self._back = row
                break
            end, count = place, count + 1
            if category in categories and event.type in types:
                events.append(event)
        self._at = end
        return Page(events, end, count, more=True)

    def _next(self) -> tuple[Position, str, ReadEvent] | None:
        row, self._back = self._back, None
        return row if row is not None else next(self._rows, None)

    def _rows_after(self, after: Position) -> Iterator[tuple[Position, str, ReadEvent]]:
        for month in self._months:
            if month.number < after.xid:
                continue
            seen = after.seq if month.number == after.xid else 0
            pages = read_table(month.folder / "events.parquet", "events")
            rows = (row for page in pages for row in page)
            for nth, row in enumerate(islice(rows, seen, None), start=seen + 1):
                place = Position(EPOCH, month.number, nth)
                yield place, row[_CATEGORY], ReadEvent(*place, *[row[column] for column in _PLACES])
