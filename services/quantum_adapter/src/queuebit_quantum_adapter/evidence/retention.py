"""Forgets artifacts when their time is over, on each shelf by its own rule."""

from __future__ import annotations

import asyncio
import logging

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.artifacts.opening import Retention
from queuebit_store.artifacts.port import FORGOTTEN_MAX, Artifacts, Shelf
from queuebit_store.errors import StoreError

LOOK_S = 6 * 3600.0
_log = logging.getLogger(__name__)


class Forgetting:
    """Every replica of the service does so; what one has deleted the next one does not find."""

    def __init__(self, artifacts: Artifacts, retention: Retention, clock: Clock, *, look_s: float = LOOK_S) -> None:
        self._artifacts = artifacts
        self._retention = retention
        self._clock = clock
        self._look_s = look_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What fails now is done at the next look."""
        while not stop.is_set():
            for shelf in Shelf:
                try:
                    await self._forget(shelf, stop)
                except StoreError as error:
                    _log.warning("Old artifacts could not be forgotten: %s", error)
            await wait_event(stop, self._clock, self._look_s)

    async def _forget(self, shelf: Shelf, stop: asyncio.Event) -> None:
        before = self._retention.begins(shelf, self._clock.now())
        while before is not None and not stop.is_set():
            count = await asyncio.to_thread(self._artifacts.forget, shelf, before)
            if count:
                _log.info("%d artifacts of the shelf %s are forgotten: their time is over.", count, shelf.value)
            if count < FORGOTTEN_MAX:
                return
