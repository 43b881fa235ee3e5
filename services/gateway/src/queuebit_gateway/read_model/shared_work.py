"""One piece of work for all who want the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Shared(Generic[K, R]):
    """Runs work by key; who asks while it runs gets the same result. Somebody who goes away does not end it for the others."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[R]] = {}

    async def run(self, key: K, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """The result of the work of this key; raises what it raises."""
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: K, task: asyncio.Task[R]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            # Nobody may be left to be told.
            task.exception()
