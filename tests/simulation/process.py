"""A process of the simulation: every task that was begun in it, so that all of them can be ended at once, as SIGKILL does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")

_current: ContextVar[Process | None] = ContextVar("process", default=None)


class Killed(Exception):
    """The process was killed before it answered."""


class Process:
    """Knows its tasks. Once killed, none of them takes another step, and no new one takes its first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self._thawed: asyncio.Event | None = None
        self._tasks: dict[asyncio.Task[Any], None] = {}

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this in the process. Raises Killed where the process ends first."""
        context = copy_context()
        context.run(_current.set, self)
        task = asyncio.get_running_loop().create_task(work, context=context)
        await asyncio.wait((task,))
        if task.cancelled():
            raise Killed
        return task.result()

    async def kill(self) -> None:
        """End everything at once. Tasks only learn that they are cancelled: their ports must refuse the dead."""
        self.dead = True
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.sleep(0)

    def freeze(self) -> None:
        """As SIGSTOP does: whatever reaches one of its ports waits there."""
        if self._thawed is None or self._thawed.is_set():
            self._thawed = asyncio.Event()

    def thaw(self) -> None:
        """It goes on as if nothing had been."""
        if self._thawed is not None:
            self._thawed.set()

    async def moving(self) -> None:
        """Return when the process is not frozen."""
        if self._thawed is not None:
            await self._thawed.wait()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        if self.dead:
            task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if self.dead and not task.cancelled():
            task.exception()


def new_task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], **more: Any) -> asyncio.Task[T]:
    """The task factory of the virtual loop."""
    task = asyncio.Task(work, loop=loop, **more)
    context = more.get("context")
    process = _current.get() if context is None else context.get(_current)
    if process is not None:
        process.adopt(task)
    return task
