"""Progress of one attempt, thinned out: the latest wins, at least a second apart, and not for ever."""

from __future__ import annotations

import asyncio
import logging

from queuebit_contracts.events import ExecutionProgressed
from queuebit_runtime.bus.port import Bus, BusError
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task
from queuebit_runtime.worker.reports import Report

INTERVAL_S = 1.0
REPORTS_MAX = 60

_log = logging.getLogger(__name__)


class ProgressReport:
    """Takes what an executor offers and publishes some of it. Progress that cannot be published is lost: more will come."""

    def __init__(self, report: Report, bus: Bus, clock: Clock) -> None:
        self._report = report
        self._bus = bus
        self._clock = clock
        self._latest: ExecutionProgressed | None = None
        self._sent = 0
        self._task: asyncio.Task[object] | None = None
        self._publishing: asyncio.Future[None] | None = None
        self._ended = False

    def offer(self, event: ExecutionProgressed) -> None:
        """From the event loop. Costs nothing."""
        self._latest = event
        if self._task is None and not self._ended and self._sent < REPORTS_MAX:
            self._task = asyncio.ensure_future(self._run())

    async def end(self) -> None:
        """Publish no more; what is on its way is written first, so that the result comes after it."""
        self._ended = True
        if self._publishing is not None:
            await asyncio.wait((self._publishing,))
        task, self._task = self._task, None
        await end_task(task)

    async def _run(self) -> None:
        while self._latest is not None and self._sent < REPORTS_MAX and not self._ended:
            event, self._latest = self._latest, None
            self._sent += 1
            record = self._report.record(event, self._clock.now(), self._sent)
            self._publishing = asyncio.ensure_future(self._bus.publish([record]))
            try:
                await asyncio.shield(self._publishing)
            except BusError:
                _log.info("A progress report was not published.", extra=self._report.log_fields)
            self._publishing = None
            await self._clock.sleep(INTERVAL_S)
        self._task = None
