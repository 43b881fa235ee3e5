"""Large events on a path of their own: one is published after another, while the relay reads on and publishes what is small."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from queuebit_runtime.bus.port import BusError
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.bounded_work import LARGE_BYTES
from queuebit_runtime.retry import Backoff
from queuebit_runtime.waiting import end_task
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import Position, StoredEvent

log = logging.getLogger(__name__)

RETRY = Backoff(base_s=0.1, ceiling_s=2.0)


class _Waiting(NamedTuple):
    event: StoredEvent
    after: Position
    """Where the event stands behind: whoever begins there reads it next."""
    passed: int
    """How many others had been published when it was taken."""


class LargePath:
    """What waits here is in the order of the log. The events of a stream stay in order: while one is here, those that follow it
    come here too, however small.

    What waits is bounded: at the bound the relay does not read on. `ahead_max`: so many events at most are published past the
    oldest that waits, and published again after a crash.
    """

    def __init__(
        self,
        publish: Callable[[StoredEvent], Awaitable[None]],
        clock: Clock,
        *,
        waiting_max: int = 1000,
        waiting_bytes_max: int = 16 * 1024 * 1024,
        ahead_max: int = 20_000,
        large_bytes: int = LARGE_BYTES,
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._waiting_max = waiting_max
        self._waiting_bytes_max = waiting_bytes_max
        self._ahead_max = ahead_max
        self._large_bytes = large_bytes
        self._waiting: deque[_Waiting] = deque()
        self._streams: Counter[UUID] = Counter()
        self._bytes = 0
        self._passed = 0
        self._task: asyncio.Task[None] | None = None
        self._began_s = 0.0

    @property
    def behind(self) -> Position | None:
        """Where a reader must begin to miss nothing that waits; None where nothing does."""
        return self._waiting[0].after if self._waiting else None

    def divide(
        self, events: Sequence[StoredEvent], after: Position
    ) -> tuple[list[StoredEvent], list[tuple[StoredEvent, Position]]]:
        """Those to publish at once, and those to `take` once these are acknowledged, each with the place it stands behind.
        `after`: that of the first.
        """
        if not self._streams and not any(map(self._is_large, events)):
            return list(events), []
        at_once: list[StoredEvent] = []
        later: list[tuple[StoredEvent, Position]] = []
        streams = set(self._streams)
        for event in events:
            if event.stream_id in streams or self._is_large(event):
                streams.add(event.stream_id)
                later.append((event, after))
            else:
                at_once.append(event)
            after = event.position
        return at_once, later

    def take(self, later: Sequence[tuple[StoredEvent, Position]], passed: int) -> None:
        """Publish these in their turn. `passed`: how many others were published meanwhile."""
        for event, after in later:
            self._waiting.append(_Waiting(event, after, self._passed))
            self._streams[event.stream_id] += 1
            self._bytes += len(event.data)
        self._passed += passed
        if self._waiting and self._task is None:
            self._began_s = self._clock.monotonic_s()
            self._task = asyncio.create_task(self._run())

    @property
    def full(self) -> bool:
        """Whether nothing more may be read now. Raises what ended the path, if something did."""
        if self._task is not None and self._task.done():
            self._task.result()
        return bool(self._waiting) and (
            len(self._waiting) >= self._waiting_max
            or self._bytes >= self._waiting_bytes_max
            or self._passed - self._waiting[0].passed >= self._ahead_max
        )

    def stands_for_s(self) -> float:
        """How long the first that waits has been tried."""
        return self._clock.monotonic_s() - self._began_s if self._waiting else 0.0

    async def stop(self) -> None:
        """Publish no more. What waits is still known, so that the cursor can be saved behind it."""
        task, self._task = self._task, None
        await end_task(task)

    async def clear(self) -> None:
        """Publish no more, and forget what waits: whoever reads on begins behind it."""
        await self.stop()
        self._waiting.clear()
        self._streams.clear()
        self._bytes = 0

    def _is_large(self, event: StoredEvent) -> bool:
        return event.payload_hash is not None or len(event.data) > self._large_bytes

    async def _run(self) -> None:
        while self._waiting:
            self._began_s = self._clock.monotonic_s()
            await self._settle(self._waiting[0].event)
            event = self._waiting.popleft().event
            self._streams[event.stream_id] -= 1
            if not self._streams[event.stream_id]:
                del self._streams[event.stream_id]
            self._bytes -= len(event.data)
        self._task = None

    async def _settle(self, event: StoredEvent) -> None:
        failures = 0
        while True:
            try:
                await self._publish(event)
            except (BusError, StoreUnavailable) as error:
                failures += 1
                log.warning("a large event waits: %s", error)
                await self._clock.sleep(RETRY.delay_s(failures, 1.0) or RETRY.ceiling_s)
            else:
                return
