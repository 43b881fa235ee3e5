"""The task that tells: reads the log for the endpoints, sends what is due, forgets what is old."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from queuebit_gateway.webhooks.fan_out import FanOut, FanOutStore
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.sending import LEASE_S, Post, Sender
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError
from queuebit_store.webhooks.port import Endpoint

log = logging.getLogger(__name__)

INTERVAL_S = 0.5
BETWEEN_S = 0.01
"""So that attempts that end together make room together."""
RETRY_INTERVAL_S = 5.0
KEPT = timedelta(days=30)
FORGET_INTERVAL_S = 600.0
FORGET_MAX = 1000
DRAIN_S = 5.0


class WebhookService:
    """Several may run: the store gives each stretch of the log and each delivery to one of them."""

    def __init__(
        self,
        store: FanOutStore,
        post: Post,
        sealer: Sealer,
        clock: Clock,
        *,
        interval_s: float = INTERVAL_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._interval_s = interval_s
        self._fan_out = FanOut(store, clock.monotonic_s)
        self._sender = Sender(store, post, sealer, clock, lease_s=lease_s)
        self._forget_at_s = clock.monotonic_s()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; attempts that are on the way then have some seconds."""
        while not stop.is_set():
            self._sender.ended.clear()
            try:
                if not await self.step():
                    await wait_event(self._sender.ended, self._clock, self._interval_s)
                await wait_event(stop, self._clock, BETWEEN_S)
            except StoreError as error:
                log.warning("webhooks wait: %s", error)
                await wait_event(stop, self._clock, RETRY_INTERVAL_S)
        await self.finish(DRAIN_S)

    async def finish(self, timeout_s: float) -> None:
        """Let attempts that are on the way end; those that take longer are cut off, and made again by whoever comes next."""
        await self._sender.finish(timeout_s)

    async def step(self) -> bool:
        """One round; whether there is more to do at once. Raises StoreError."""
        endpoints: list[Endpoint] = await self._store.endpoints()
        if not endpoints:
            return False
        more = await self._fan_out.step(endpoints)
        begun = await self._sender.step(endpoints)
        if self._clock.monotonic_s() >= self._forget_at_s:
            self._forget_at_s = self._clock.monotonic_s() + FORGET_INTERVAL_S
            await self._store.forget_deliveries(self._clock.now() - KEPT, FORGET_MAX)
        return more or begun > 0
