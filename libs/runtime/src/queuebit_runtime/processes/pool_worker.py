"""One process of a `ProcessPool`, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from queuebit_runtime.errors import (
    PoolCrashed,
    PoolError,
    PoolExhausted,
    PoolMemory,
    PoolStopped,
    PoolTimeout,
    TaskFailed,
)

Progress = Callable[[Any], None]

WATCH_INTERVAL_S = 0.1
END_GRACE_S = 0.5
START_TIMEOUT_S = 120.0
LENGTH_BYTES = 8
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
_ONE_THREAD = dict.fromkeys(_THREAD_VARIABLES, "1")


class Worker:
    """One process, at the other end of two pipes."""

    def __init__(self, process: asyncio.subprocess.Process, memory_max_bytes: int) -> None:
        self._process = process
        self._memory_max_bytes = memory_max_bytes
        self._killed = False

    @classmethod
    async def start(cls, memory_max_bytes: int, warm_import: tuple[str, ...], niceness: int) -> Worker:
        bounds = [str(os.getpid()), str(memory_max_bytes), str(niceness)]
        arguments = ["-m", "queuebit_runtime.processes.child", *bounds, *warm_import]
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

    async def end(self) -> None:
        """Let the process put away what it holds elsewhere, for at most END_GRACE_S, and then kill it. One that has not asked
        to be told (SIGTERM) ends at once.
        """
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_GRACE_S):
                    await self._process.wait()
        self.kill()
        await self.ended()

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

    async def call(
        self, task: tuple[str, Any, float | None], timeout_s: float, on_progress: Progress, stop: asyncio.Event
    ) -> Any:
        try:
            data = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise TaskFailed(type(error).__name__, "The argument cannot be pickled.") from error
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
        self._process.stdin.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
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
            length = int.from_bytes(await self._process.stdout.readexactly(LENGTH_BYTES), "big")
            message: tuple[Any, ...] = pickle.loads(await self._process.stdout.readexactly(length))  # noqa: S301
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._why_it_ended() from None
        return message

    async def _why_it_ended(self) -> PoolError:
        """It closed its output, so it is about to end, if it has not."""
        if await self._process.wait() == -signal.SIGPROF:
            return PoolExhausted()
        return PoolCrashed()
