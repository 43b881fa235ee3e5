"""Heavy work in processes that can be killed: a port and its two adapters.

A task is a function named by its path, `package.module:function`, called as `function(argument, progress)`. Argument, progress
and result are pickled. `InlinePool` runs it in the caller; `ProcessPool` in a process of its own, one thread each, that ends
with its parent however the parent ends.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any, Protocol

from queuebit_runtime.errors import PoolMemory, PoolStopped, PoolTimeout, TaskFailed
from queuebit_runtime.processes.pool_worker import Progress as Progress
from queuebit_runtime.processes.pool_worker import Worker

NICENESS = 10
"""How far heavy work stands back for the event loops, which everybody's messages pass through."""
IDLE_NICENESS = 19
"""As far as work can stand back: it runs where the machine has nothing else to do."""


class Pool(Protocol):
    """Runs tasks that may be heavy."""

    async def run(
        self,
        function_path: str,
        argument: Any,
        *,
        timeout_s: float,
        cpu_max_s: float | None = None,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        """Call the function and return what it returns; `on_progress` is called on the event loop. `cpu_max_s` bounds the
        processor time that it may use, however busy the machine is.

        Raises TaskFailed when it raises, PoolTimeout, PoolExhausted, PoolStopped, PoolMemory or PoolCrashed when it was ended.
        """
        ...

    async def close(self) -> None:
        """End every process. Tasks that run raise PoolStopped or are cancelled by their owners."""
        ...


def resolve(function_path: str) -> Callable[[Any, Progress], Any]:
    """The function at `package.module:function`."""
    module, _, name = function_path.partition(":")
    function: Callable[[Any, Progress], Any] = getattr(importlib.import_module(module), name)
    return function


class InlinePool:
    """Runs each task at once in the caller: for simulations and tests. It knows no time and no memory."""

    async def run(
        self,
        function_path: str,
        argument: Any,
        *,
        timeout_s: float,
        cpu_max_s: float | None = None,  # noqa: ARG002
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        if stop is not None and stop.is_set():
            raise PoolStopped
        if timeout_s <= 0:
            raise PoolTimeout
        try:
            return resolve(function_path)(argument, on_progress or _ignore)
        except MemoryError:
            raise PoolMemory from None
        except Exception as error:
            raise TaskFailed(type(error).__name__, str(error)) from error

    async def close(self) -> None:
        return


class ProcessPool:
    """Reusable processes, started when needed, replaced when killed."""

    def __init__(
        self,
        workers_max: int,
        memory_max_mb: int,
        warm_import: tuple[str, ...] = (),
        *,
        niceness: int = 0,
        idle_max_s: float | None = None,
    ) -> None:
        """`memory_max_mb` bounds each process; `warm_import` names modules that a process imports before its first task.

        `niceness`: how far the processes stand back for others. One that had no task for `idle_max_s` ends.
        """
        self._niceness = niceness
        self._idle_max_s = idle_max_s
        self._memory_max_bytes = memory_max_mb * 1024 * 1024
        self._warm_import = warm_import
        self._places = asyncio.Semaphore(workers_max)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._retiring: dict[Worker, asyncio.TimerHandle] = {}
        self._fresh: set[Worker] = set()
        self._closed = False

    def renew(self) -> None:
        """Use no process for a new task that was started before now: idle ones end, those at work do after their task. What
        starts afterwards has the environment as it is then.
        """
        self._fresh.clear()
        while (worker := self._taken()) is not None:
            self._let_go(worker)

    async def warm(self, count: int = 1) -> None:
        """Start so many idle processes ahead of need."""
        for _ in range(count - len(self._idle)):
            self._idle.append(await self._start())

    async def run(
        self,
        function_path: str,
        argument: Any,
        *,
        timeout_s: float,
        cpu_max_s: float | None = None,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        """`timeout_s` counts from the moment when a process has the task."""
        stop = stop or asyncio.Event()
        async with _Place(self._places, stop):
            if self._closed:
                raise PoolStopped
            worker = self._taken() or await self._start()
            try:
                result = await worker.call(
                    (function_path, argument, cpu_max_s), timeout_s, on_progress or _ignore, stop
                )
            except TaskFailed:
                self._put_back(worker)
                raise
            except PoolMemory:
                worker.kill()
                await self._end(worker)
                raise
            except BaseException:
                await self._end(worker)
                raise
            self._put_back(worker)
            return result

    async def close(self) -> None:
        self._closed = True
        for timer in self._retiring.values():
            timer.cancel()
        self._retiring.clear()
        self._idle.clear()
        await asyncio.gather(*(self._end(worker) for worker in list(self._all)))

    async def _start(self) -> Worker:
        worker = await Worker.start(self._memory_max_bytes, self._warm_import, self._niceness)
        self._all.add(worker)
        self._fresh.add(worker)
        try:
            await worker.ready()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    def _put_back(self, worker: Worker) -> None:
        """Keep the process, unless it grew large, is of before a renewal, or the pool is closed."""
        stale = worker not in self._fresh
        if self._closed or stale or not worker.alive or worker.resident_bytes() > self._memory_max_bytes // 2:
            self._let_go(worker)
            return
        self._idle.append(worker)
        if self._idle_max_s is not None:
            self._retiring[worker] = asyncio.get_running_loop().call_later(self._idle_max_s, self._retire, worker)

    def _taken(self) -> Worker | None:
        """An idle process: the one that was at work last."""
        if not self._idle:
            return None
        worker = self._idle.pop()
        if (timer := self._retiring.pop(worker, None)) is not None:
            timer.cancel()
        return worker

    def _retire(self, worker: Worker) -> None:
        self._retiring.pop(worker, None)
        self._idle.remove(worker)
        self._let_go(worker)

    def _let_go(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)
        self._fresh.discard(worker)

    async def _end(self, worker: Worker) -> None:
        self._all.discard(worker)
        self._fresh.discard(worker)
        await asyncio.shield(worker.end())


class _Place:
    """Holds a place of the semaphore, unless `stop` comes first. Raises PoolStopped."""

    def __init__(self, places: asyncio.Semaphore, stop: asyncio.Event) -> None:
        self._places = places
        self._stop = stop

    async def __aenter__(self) -> None:
        place = asyncio.ensure_future(self._places.acquire())
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((place, stopped), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._give_up(place)
            raise
        finally:
            stopped.cancel()
        if self._stop.is_set():
            self._give_up(place)
            raise PoolStopped

    async def __aexit__(self, *_: object) -> None:
        self._places.release()

    def _give_up(self, place: asyncio.Future[Any]) -> None:
        if place.done() and not place.cancelled():
            self._places.release()
        else:
            place.cancel()


def _ignore(_: Any) -> None:
    return
