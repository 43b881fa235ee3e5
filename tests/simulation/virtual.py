"""An event loop on virtual time: when nothing can run, the time jumps to the next timer. No real second passes."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar, cast

from tests.simulation.process import new_task

T = TypeVar("T")

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Stuck(Exception):
    """Nothing can run and no timer is set: somebody waits for ever."""


class _NoWaiting(selectors.SelectSelector):
    """Never waits, and asks no machine, as nothing comes from there: tells the loop how far its time may jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise Stuck
        self.jump_s = max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0 and moves only when everything waits. Threads, whose order nobody knows, are refused."""

    def __init__(self) -> None:
        self._waiting = _NoWaiting()
        self._passed_s = 0.0
        super().__init__(self._waiting)
        self.set_task_factory(cast(Any, new_task))

    def time(self) -> float:
        self._passed_s += self._waiting.jump_s
        self._waiting.jump_s = 0.0
        return self._passed_s

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]
        raise AssertionError("a thread was started under virtual time")


class VirtualClock:
    """A clock of the running virtual loop, whose wall time may be wrong by `offset_s`."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.monotonic_s() + self.offset_s)

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


class SkewedClock:
    """A clock that follows another one, wrong by `skew_s` beside it. Whoever sleeps on it wakes up when `moving` lets him."""

    def __init__(self, clock: VirtualClock) -> None:
        self.skew_s = 0.0
        self.moving: Callable[[], Awaitable[None]] | None = None
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.skew_s)

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    async def sleep(self, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        if self.moving is not None:
            await self.moving()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a fresh virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
