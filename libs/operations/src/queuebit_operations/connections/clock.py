"""The time that operators and services share: the store's. An operator's machine may be an hour off, and what is done there is
recorded, held and chosen by moments all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from queuebit_runtime.clock import Clock, SystemClock


class Timed(Protocol):
    """Whoever can ask the store what time it is."""

    async def now(self) -> datetime: ...


class StoreTime:
    """As the store said it when it was asked, carried on by this machine's monotonic clock. Made by `store_time`."""

    def __init__(self, at: datetime, at_s: float, clock: Clock) -> None:
        self._at = at
        self._at_s = at_s
        self._clock = clock

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self._clock.monotonic_s() - self._at_s)

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    async def sleep(self, delay_s: float) -> None:
        await self._clock.sleep(delay_s)


async def store_time(store: Timed, clock: Clock | None = None) -> StoreTime:
    """Ask the store what time it is. Raises StoreUnavailable."""
    clock = clock or SystemClock()
    before_s = clock.monotonic_s()
    at = await store.now()
    return StoreTime(at.astimezone(UTC), (before_s + clock.monotonic_s()) / 2, clock)
