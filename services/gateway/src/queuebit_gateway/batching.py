"""Group commit: what many requests ask at the same moment goes out in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Collects items while a call is under way and sends them together in the next one.

    Nobody waits for company: an item that finds no call under way goes out at once. `call` answers in the order of its
    items; where it raises, every item of that batch gets the error. Bounded by `batch_max` items a call and `waiting_max`
    items altogether (then `offer` raises OverflowError).
    """

    def __init__(
        self, call: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, batch_max: int = 500, waiting_max: int = 10_000
    ) -> None:
        self._call = call
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def offer(self, item: T) -> R:
        """The answer to this item. A caller that goes away does not take the others with it."""
        if len(self._waiting) >= self._waiting_max:
            raise OverflowError(f"{self._waiting_max} items wait already")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch_max], self._waiting[self._batch_max :]
                await self._send(batch)
        finally:
            self._worker = None

    async def _send(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._call([item for item, _ in batch])
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
