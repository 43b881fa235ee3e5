"""Commits of offsets, gathered off the path of the records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task

_log = logging.getLogger(__name__)


class Committer:
    """Gathers commits: one call of `commit` at most every `interval_s` seconds, off the path of the records."""

    def __init__(self, clock: Clock, interval_s: float, commit: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._commit = commit
        self._dirty = False
        self._task: asyncio.Task[object] | None = None

    def touch(self) -> None:
        """There is something to commit."""
        self._dirty = True
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    async def end(self) -> None:
        """Commit no more."""
        task, self._task = self._task, None
        await end_task(task)

    async def _run(self) -> None:
        while self._dirty:
            await self._clock.sleep(self._interval_s)
            self._dirty = False
            try:
                await self._commit()
            except Exception:
                _log.exception("A commit failed; the next one covers it.")
