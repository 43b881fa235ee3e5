"""Turns at what is scarce, fair by tenant: after one tenant's turn comes the next tenant's, however much each has waiting."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from queuebit_runtime.errors import Overloaded

RETRY_AFTER_S = 1.0


class Turns:
    """So many places, and a bounded queue for each tenant before them."""

    def __init__(self, places: int, *, of_tenant_max: int, bytes_max: int) -> None:
        """`of_tenant_max`: how much of one tenant may wait. `bytes_max`: how many bytes may be held, waiting or in a place; a
        turn alone is always given.
        """
        self._free = places
        self._of_tenant_max = of_tenant_max
        self._bytes_max = bytes_max
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.bytes_held = 0

    @property
    def waiting(self) -> int:
        return sum(len(each) for each in self._waiting.values())

    @asynccontextmanager
    async def turn(self, tenant: str, size_bytes: int) -> AsyncIterator[None]:
        """Wait for a place and hold it. Raises Overloaded where too much waits already."""
        if self.bytes_held and self.bytes_held + size_bytes > self._bytes_max:
            raise Overloaded(of_tenant=False, retry_after_s=RETRY_AFTER_S)
        self.bytes_held += size_bytes
        try:
            await self._take(tenant)
            try:
                yield
            finally:
                self._pass_on()
        finally:
            self.bytes_held -= size_bytes

    async def _take(self, tenant: str) -> None:
        if self._free:
            self._free -= 1
            return
        queue = self._waiting.setdefault(tenant, deque())
        if len(queue) >= self._of_tenant_max:
            raise Overloaded(of_tenant=True, retry_after_s=RETRY_AFTER_S)
        called = asyncio.get_running_loop().create_future()
        queue.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._pass_on()
            else:
                self._withdraw(tenant, called)
            raise

    def _pass_on(self) -> None:
        """The place goes to the tenant who has waited longest for a turn; what else it has waits for all others. Who was
        cancelled a moment ago, and has not withdrawn yet, is passed over.
        """
        while self._waiting:
            tenant, queue = self._waiting.popitem(last=False)
            called = queue.popleft()
            if queue:
                self._waiting[tenant] = queue
            if not called.done():
                called.set_result(None)
                return
        self._free += 1

    def _withdraw(self, tenant: str, called: asyncio.Future[None]) -> None:
        queue = self._waiting.get(tenant)
        if queue is None or called not in queue:
            return
        queue.remove(called)
        if not queue:
            del self._waiting[tenant]
