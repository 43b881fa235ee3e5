"""Personal data ends by itself: keys of subjects are moved on, so that what was sealed longer ago opens nowhere any more."""

from __future__ import annotations

import asyncio
import logging
from datetime import date, datetime, timedelta
from typing import Protocol

from queuebit_contracts.sealed import Redacted
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import InvalidSettings, StoreError
from queuebit_store.keys.port import SubjectKey

LOOK_S = 3600.0
BATCH_MAX = 100
KEEP_D_LEAST = 30
"""Longer than jobs wait that say nothing else; one that may still be open when its data ends is not taken."""
log = logging.getLogger(__name__)


class Keys(Protocol):
    """Tells of keys of an earlier day, and what day it is: no machine whose clock is wrong ends anything."""

    async def now(self) -> datetime: ...

    async def keys_before(self, day: date, after: SubjectKey | None, limit: int) -> list[SubjectKey]: ...


class Ring(Protocol):
    """Moves a key on. Raises InvalidSettings where it cannot be unwrapped here, Redacted where its day is none."""

    async def moved_on(self, row: SubjectKey, day: date) -> bool: ...


class PersonalRetention:
    """Every gateway does so; what one has moved another one does not find. A key that cannot be moved holds up no other."""

    def __init__(
        self, keys: Keys, ring: Ring, clock: Clock, telemetry: Telemetry, *, keep_d: int, look_s: float = LOOK_S
    ) -> None:
        self._keys = keys
        self._ring = ring
        self._clock = clock
        self._telemetry = telemetry
        self._keep = timedelta(days=keep_d)
        self._look_s = look_s

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until told to stop. What fails now is done at the next look."""
        while not stop.is_set():
            try:
                await self.look(stop)
            except StoreError as error:
                log.warning("Personal data whose time is over could not be erased: %s", error)
            await wait_event(stop, self._clock, self._look_s)

    async def look(self, stop: asyncio.Event) -> None:
        """One look, a batch at a time. Raises StoreError."""
        day = (await self._keys.now() - self._keep).date()
        after: SubjectKey | None = None
        overdue = 0
        while not stop.is_set():
            batch = await self._keys.keys_before(day, after, BATCH_MAX)
            moved = 0
            for key in batch:
                try:
                    moved += await self._ring.moved_on(key, day)
                except (InvalidSettings, Redacted) as error:
                    overdue += 1
                    log.error("The key %s cannot be moved on, its data is kept too long: %s", key.key_id, error)
            if moved:
                self._telemetry.count(Metric.KEYS_MOVED, moved)
                log.info("%d keys of subjects are moved on to %s: what they sealed before is erased.", moved, day)
            if len(batch) < BATCH_MAX:
                break
            after = batch[-1]
        self._telemetry.observe(Metric.KEYS_OVERDUE, overdue)
