"""Pages of the log and what their events say: the next one is read while the server saves what became of the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from queuebit_store.log.port import Position
from queuebit_store.projections.folding import Read, read_all, slices
from queuebit_store.projections.port import LogPages, Page

_Wanted = tuple[Position, int, tuple[str, ...], Mapping[str, int]]
_Found = tuple[Page, list[Read]]


class Pages:
    """`reads_ahead`: also the page that comes next, before it is asked for. `busy` counts the time that reading takes here."""

    def __init__(self, log: LogPages, *, reads_ahead: bool, busy: Callable[[], AbstractContextManager[None]]) -> None:
        self._log = log
        self._reads_ahead = reads_ahead
        self._busy = busy
        self._ahead: tuple[_Wanted, asyncio.Task[_Found]] | None = None

    async def read(self, after: Position, limit: int, categories: tuple[str, ...], types: Mapping[str, int]) -> _Found:
        """The next page and what it says. What was read earlier is no less true: events only follow."""
        wanted = (after, limit, categories, types)
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == wanted:
            page, reads = await ahead[1]
        else:
            if ahead is not None:
                ahead[1].cancel()
            page, reads = await self._read(*wanted)
        if self._reads_ahead and page.more:
            following = (page.end, limit, categories, types)
            self._ahead = following, asyncio.ensure_future(self._read(*following))
        return page, reads

    def forget(self) -> None:
        """Nobody asks for the page that comes next."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead[1].cancel()

    async def _read(self, after: Position, limit: int, categories: tuple[str, ...], types: Mapping[str, int]) -> _Found:
        page = await self._log.read_page(after, limit=limit, categories=categories, types=types)
        reads: list[Read] = []
        for some in slices(page.events):
            with self._busy():
                reads += read_all(some)
            await asyncio.sleep(0)
        return page, reads
