"""Heavy work in processes that can be killed: a port and its two adapters.

A task is a function named by its path, `package.module:function`, called as `function(argument, progress)`. Argument, progress
and result are pickled. `InlinePool` runs it in the caller; `ProcessPool` in a process of its own, one thread each, that ends
with its parent however the parent ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from queuebit_runtime.errors import PoolCrashed, PoolMemory, PoolStopped, PoolTimeout, TaskFailed

Progress = Callable[[Any], None]

WATCH_INTERVAL_S = 0.1
START_TIMEOUT_S = 120.0
_LENGTH_BYTES = 8
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
_ONE_THREAD = dict.fromkeys(_THREAD_VARIABLES, "1")


class Pool(Protocol):
    """Runs tasks that may be heavy."""

    async def run(
        self,
        function_path: str,
        argument: Any,
        *,
        timeout_s: float,
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        """Call the function and return what it returns; `on_progress` is called on the event loop.

        Raises TaskFailed when it raises, PoolTimeout, PoolStopped, PoolMemory or PoolCrashed when it was ended.
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

    def __init__(self, workers_max: int, memory_max_mb: int, warm_import: tuple[str, ...] = ()) -> None:
        """`memory_max_mb` bounds each process; `warm_import` names modules that a process imports before its first task."""
        self._memory_max_bytes = memory_max_mb * 1024 * 1024
        self._warm_import = warm_import
        self._places = asyncio.Semaphore(workers_max)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

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
        on_progress: Progress | None = None,
        stop: asyncio.Event | None = None,
    ) -> Any:
        """`timeout_s` counts from the moment when a process has the task."""
        stop = stop or asyncio.Event()
        async with _Place(self._places, stop):
            if self._closed:
                raise PoolStopped
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                result = await worker.call((function_path, argument), timeout_s, on_progress or _ignore, stop)
            except TaskFailed:
                self._put_back(worker)
                raise
            except BaseException:
                await self._end(worker)
                raise
            self._put_back(worker)
            return result

    async def close(self) -> None:
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(self._end(worker) for worker in list(self._all)))

    async def _start(self) -> _Worker:
        worker = await _Worker.start(self._memory_max_bytes, self._warm_import)
        self._all.add(worker)
        try:
            await worker.ready()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    def _put_back(self, worker: _Worker) -> None:
        """Keep the process, unless it grew large or the pool is closed."""
        if self._closed or not worker.alive or worker.resident_bytes() > self._memory_max_bytes // 2:
            worker.kill()
            self._all.discard(worker)
        else:
            self._idle.append(worker)

    async def _end(self, worker: _Worker) -> None:
        worker.kill()
        self._all.discard(worker)
        await asyncio.shield(worker.ended())


class _Worker:
    """One process, at the other end of two pipes."""

    def __init__(self, process: asyncio.subprocess.Process, memory_max_bytes: int) -> None:
        self._process = process
        self._memory_max_bytes = memory_max_bytes
        self._killed = False

    @classmethod
    async def start(cls, memory_max_bytes: int, warm_import: tuple[str, ...]) -> _Worker:
        arguments = ["-m", "queuebit_runtime.process_child", str(os.getpid()), str(memory_max_bytes), *warm_import]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,
        )
        return cls(process, memory_max_bytes)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._killed

    def kill(self) -> None:
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> None:
        await self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                message = await self._read()
        except TimeoutError:
            raise PoolCrashed("The process did not start in time.") from None
        if message[0] == "failed":
            raise TaskFailed(message[1], message[2])

    async def call(self, task: tuple[str, Any], timeout_s: float, on_progress: Progress, stop: asyncio.Event) -> Any:
        data = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
        answer = asyncio.ensure_future(self._exchange(data, on_progress))
        stopped = asyncio.ensure_future(stop.wait())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        try:
            while not answer.done():
                left_s = deadline - loop.time()
                if stop.is_set():
                    raise PoolStopped
                if left_s <= 0:
                    raise PoolTimeout(f"The task did not end within {timeout_s:g} s.")
                if self.resident_bytes() > self._memory_max_bytes:
                    raise PoolMemory
                await asyncio.wait(
                    (answer, stopped), timeout=min(left_s, WATCH_INTERVAL_S), return_when=asyncio.FIRST_COMPLETED
                )
            return answer.result()
        finally:
            stopped.cancel()
            answer.cancel()

    def resident_bytes(self) -> int:
        """The resident memory of the process; 0 where the machine does not tell."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_bytes().split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    async def _exchange(self, data: bytes, on_progress: Progress) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()
        while True:
            message = await self._read()
            match message[0]:
                case "progress":
                    on_progress(message[1])
                case "done":
                    return message[1]
                case "memory":
                    raise PoolMemory
                case _:
                    raise TaskFailed(message[1], message[2])

    async def _read(self) -> tuple[Any, ...]:
        """One message of the child, which is our own code. Raises PoolCrashed at its end."""
        assert self._process.stdout is not None
        try:
            length = int.from_bytes(await self._process.stdout.readexactly(_LENGTH_BYTES), "big")
            message: tuple[Any, ...] = pickle.loads(await self._process.stdout.readexactly(length))  # noqa: S301
        except (asyncio.IncompleteReadError, ConnectionError):
            raise PoolCrashed from None
        return message


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
