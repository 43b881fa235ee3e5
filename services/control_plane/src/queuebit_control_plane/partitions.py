"""Makes the partitions of the log before the months that they are for begin."""

from __future__ import annotations

import asyncio
import logging

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreUnavailable
from queuebit_store.partitions.port import Partitions, months

log = logging.getLogger(__name__)

MONTHS_AHEAD = 2
"""A control plane that is down for a month finds the partition that it needs."""
INTERVAL_S = 3600.0
RETRY_INTERVAL_S = 30.0


class PartitionKeeper:
    """Looks once an hour. Several may: the store makes each partition once."""

    def __init__(self, store: Partitions, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Keep partitions ahead until `stop`."""
        while not stop.is_set():
            try:
                await self.step()
                pause_s = INTERVAL_S
            except StoreUnavailable as error:
                log.warning("a partition is made later: %s", error)
                pause_s = RETRY_INTERVAL_S
            await wait_event(stop, self._clock, pause_s)

    async def step(self) -> list[str]:
        """Make what is missing; the names of those made."""
        wanted = list(months(self._clock.now(), MONTHS_AHEAD))
        there = {each.name for each in await self._store.partitions()}
        made = [each.name for each in wanted if each.name not in there and await self._store.add_partition(each)]
        if made:
            log.info("made the partitions %s", ", ".join(made))
        return made
