"""The time that all control planes share: the store's, carried on by the monotonic clock of the machine.

Deadlines, retries and lost attempts are moments on the wall. A machine whose wall clock jumps, or is wrong, would end jobs of
everybody an hour early; so nobody asks it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.diagnosis.port import Diagnosis
from queuebit_store.errors import StoreUnavailable

SET_INTERVAL_S = 5.0
ROUND_TRIP_MAX_S = 0.5
"""An answer that took longer says too little about when it was given, unless the one before took longer still."""
APART = timedelta(seconds=5)
"""Machines whose clocks differ by more are told of."""

log = logging.getLogger(__name__)


class StoreClock:
    """Call `set` before anything else; the monotonic clock and sleep are the machine's."""

    def __init__(self, store: Diagnosis, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._at: datetime | None = None
        self._at_s = 0.0
        self._took_s = 0.0
        self._told = False

    async def set(self) -> None:
        """Ask the store. A slow answer counts only where there was none before, or a slower one. Raises StoreUnavailable."""
        before_s = self._clock.monotonic_s()
        at = await self._store.now()
        after_s = self._clock.monotonic_s()
        took_s = after_s - before_s
        if self._at is None or took_s <= ROUND_TRIP_MAX_S or took_s < self._took_s:
            self._took_s = took_s
            self._at, self._at_s = at.astimezone(UTC), (before_s + after_s) / 2
            self._tell()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep to the store's clock until `stop`. Without an answer the time goes on as it went."""
        while not await wait_event(stop, self._clock, SET_INTERVAL_S):
            try:
                await self.set()
            except StoreUnavailable as error:
                log.info("the store does not say what time it is: %s", error)

    def now(self) -> datetime:
        assert self._at is not None, "the clock is set before it is asked"
        return self._at + timedelta(seconds=self._clock.monotonic_s() - self._at_s)

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    async def sleep(self, delay_s: float) -> None:
        await self._clock.sleep(delay_s)

    def _tell(self) -> None:
        """Once, when this machine's clock begins to be wrong, and once when it is right again."""
        ahead = self._clock.now() - self.now()
        wrong = abs(ahead) > APART
        if wrong and not self._told:
            log.warning(
                "the clock of this machine is %+.0f s off the store's; the store's counts", ahead.total_seconds()
            )
        elif self._told and not wrong:
            log.info("the clock of this machine is right again")
        self._told = wrong
