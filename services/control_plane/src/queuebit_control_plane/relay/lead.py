"""The lead of this process: a lease that is taken, kept while the work moves, and given up by our own clock in time."""

from __future__ import annotations

import logging
from datetime import datetime

from queuebit_runtime.clock import Clock
from queuebit_store.errors import StoreError
from queuebit_store.leadership.port import Leadership, Lease

log = logging.getLogger(__name__)

TTL_S = 3.0
"""A leader that stops without a word is replaced when this is over: failover takes so long and one round of asking."""
KEEP_INTERVAL_S = 1.0
ASK_INTERVAL_S = 0.25
MARGIN_S = 0.5
"""So long before the store's clock says so do we hold the lease for over: clocks run a little differently."""
PATIENCE_S = 10.0
"""A leader that has got nothing done for so long lets somebody else try."""
MODESTY_S = 1.0
"""For so long does it not ask again then."""


class Lead:
    """Who leads under a name, as far as this process can know. `holder` is new at each start."""

    def __init__(self, store: Leadership, clock: Clock, *, name: str, holder: str) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._holder = holder
        self._lease: Lease | None = None
        self._kept_at_s = 0.0
        self._worked_at_s = 0.0
        self._asked_at_s = float("-inf")
        self.since: datetime | None = None

    @property
    def lease(self) -> Lease | None:
        """The lease, while it is ours by our own clock."""
        if self._lease is None or self._clock.monotonic_s() >= self._kept_at_s + self._lease.ttl_s - MARGIN_S:
            return None
        return self._lease

    async def ask(self) -> Lease | None:
        """The lease, taken if it is free; asked for at most once in a while. Raises StoreUnavailable."""
        if self.lease is None and self._clock.monotonic_s() >= self._asked_at_s + ASK_INTERVAL_S:
            self._worked_at_s = self._clock.monotonic_s()
            await self._take()
        return self.lease

    async def keep(self) -> None:
        """Keep the lease while it is held and the work moves. Never returns."""
        while True:
            now_s = self._clock.monotonic_s()
            due_s = self._kept_at_s + KEEP_INTERVAL_S
            if self.lease is None:
                await self._clock.sleep(KEEP_INTERVAL_S)
            elif now_s < due_s:
                await self._clock.sleep(due_s - now_s)
            else:
                try:
                    await self._keep_or_hand_over(now_s)
                except StoreError as error:
                    log.warning("the lead %s could not be kept: %s", self._name, error)
                    await self._clock.sleep(ASK_INTERVAL_S)

    async def _keep_or_hand_over(self, now_s: float) -> None:
        if now_s < self._worked_at_s + PATIENCE_S:
            await self._take()
        else:
            log.warning("nothing moved for %g s under the lead %s: another may try", PATIENCE_S, self._name)
            self._asked_at_s = now_s + MODESTY_S
            await self.release()

    def worked(self) -> None:
        """The work moved, or there was none."""
        self._worked_at_s = self._clock.monotonic_s()

    def saved(self, lease: Lease, asked_at_s: float) -> None:
        """The store took a save under the lease, which keeps it from when it was asked."""
        if lease == self._lease:
            self._kept_at_s = max(self._kept_at_s, asked_at_s)

    def lost(self, lease: Lease) -> None:
        """The store refused what was said under the lease."""
        if lease == self._lease:
            self._hold(None)

    async def release(self) -> None:
        """Hand over at once. Raises StoreUnavailable."""
        lease, self._lease, self.since = self._lease, None, None
        if lease is not None:
            log.info("this process hands the lead %s over", self._name)
            await self._store.release(lease)

    async def _take(self) -> None:
        self._asked_at_s = asked_at_s = self._clock.monotonic_s()
        lease = await self._store.take(self._name, self._holder, TTL_S)
        self._kept_at_s = asked_at_s
        self._hold(lease)

    def _hold(self, lease: Lease | None) -> None:
        if lease == self._lease:
            return
        if lease is None:
            log.warning("the lead %s is lost", self._name)
        else:
            log.info("this process leads %s, with the token %d", self._name, lease.token)
        self._lease = lease
        self.since = None if lease is None else self._clock.now()
