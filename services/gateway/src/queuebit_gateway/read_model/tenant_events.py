"""What happens to all jobs of a tenant, in the order of the log: one look-out a process, pages shared by who reads alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Literal

from queuebit_contracts.events import JobEvent
from queuebit_contracts.streams import PUBLISHED
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.cursors import Seen
from queuebit_gateway.read_model.shared_work import Shared
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.hops import AnyHop
from queuebit_store.errors import StoreError
from queuebit_store.ports import Position, TenantLog, TenantPage

POLL_INTERVAL_S = 0.2
PAUSE_S = 1.0
PAGE_EVENTS = 1000
Gap = Literal["archived", "beyond"]
READERS_MAX = 1000
"""Who waits for news at once, in one process: each asks for its own page when there are any."""
READERS_OF_TENANT_MAX = 100


EVENT_NAMES = frozenset(model.__name__ for model in JobEvent.__args__)
"""What may be asked for by name."""


class TenantEvents:
    """Reads pages, and tells who waits that the log has grown. It looks at the log only while somebody waits."""

    def __init__(
        self,
        store: TenantLog,
        clock: Clock,
        hop: AnyHop,
        *,
        is_closing: Callable[[], bool],
        poll_interval_s: float = POLL_INTERVAL_S,
    ) -> None:
        """`hop` writes large events off the event loop. `is_closing`: whether the process stops; then nobody waits."""
        self._is_closing = is_closing
        self.hop = hop
        self._store = store
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._reading: Shared[tuple[str, Position], TenantPage] = Shared()
        self._end = Position()
        self._grown = asyncio.Event()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None

    async def end(self) -> Position:
        """Where the log ends now: who begins here is told what happens from now on. Raises StoreError."""
        return await self._store.log_end(PUBLISHED)

    async def resumed(self, after: Seen, now: datetime) -> tuple[Seen, Gap | None]:
        """Where a reader goes on who has come so far, and why it may have missed something: some of what followed lies in
        archives by now, or the log ends before that place, as it is of another one or of before a restore. Raises StoreError.
        """
        end = await self.end()
        if after.position > end:
            return Seen(end, now), "beyond"
        return after, "archived" if await self._store.archived_after(after.at) else None

    async def page(self, tenant: str, after: Position) -> TenantPage:
        """The tenant's events of the next stretch of the log. Raises StoreError."""
        read = partial(self._store.read_tenant, tenant, after, limit=PAGE_EVENTS, categories=PUBLISHED)
        return await self._reading.run((tenant, after), read)

    async def grown(self, beyond: Position, timeout_s: float) -> None:
        """Wait until the log goes on beyond a place, or the time is over. Raises Refusal where too many wait."""
        if self._waiting >= READERS_MAX:
            raise Refusal("service_unavailable", "Too many streams are read here.", retry_after_s=5)
        self._waiting += 1
        if self._task is None:
            self._task = asyncio.create_task(self._poll())
        try:
            async with asyncio.timeout(timeout_s):
                while self._end <= beyond and not self._is_closing():
                    await self._grown.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1

    async def _poll(self) -> None:
        try:
            while self._waiting:
                try:
                    end = await self.end()
                except StoreError:
                    await self._clock.sleep(PAUSE_S)
                    continue
                if end > self._end or self._is_closing():
                    self._end = end
                    self._grown.set()
                    self._grown = asyncio.Event()
                await self._clock.sleep(self._poll_interval_s)
        finally:
            self._task = None
