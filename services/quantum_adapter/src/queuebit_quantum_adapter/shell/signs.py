"""Signs of life of attempts that are kept: where each waits and when it is heard of next, so that none is taken for lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from queuebit_quantum_adapter.submissions.ledger import Ledger
from queuebit_runtime.bus.port import Bus, BusError
from queuebit_runtime.clock import Clock
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import progressed
from queuebit_store.attempts.port import KeptAttempt
from queuebit_store.submissions.port import Submission

SIGN_S_MAX = 3600.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Carried:
    """An attempt that is carried on here: its row as it was written last, and its order."""

    ledger: Ledger
    row: KeptAttempt
    work: Work


class Signs:
    """Gives them, first after `first_s` and ever more rarely."""

    def __init__(self, bus: Bus, clock: Clock, first_s: float) -> None:
        self._bus = bus
        self._clock = clock
        self.first_s = first_s

    async def rest(self, carried: Carried, now: datetime, words: str = "It waits at the provider.") -> None:
        """Let go of an attempt that waits until the next sign is due, and say so."""
        row, awaited = carried.row, None
        if row.awaits is not None:
            awaited = await carried.ledger.submission(row.awaits)
        if awaited is not None:
            words = f"round {awaited.round}: {awaited.detail}"
        await self._give(carried, now, words, self._pause_s(row, now), awaited, release=True)

    async def defer(self, carried: Carried, now: datetime, pause_s: float) -> None:
        """Let go of one that could go on and has to wait its turn."""
        await self._give(carried, now, "It waits for a worker.", pause_s, None, release=True)

    async def work_on(self, carried: Carried, now: datetime) -> None:
        """Say that it is worked on, and go on."""
        await self._give(carried, now, "It is worked on.", self._pause_s(carried.row, now), None, release=False)

    def _pause_s(self, row: KeptAttempt, now: datetime) -> float:
        return min(max(self.first_s, (now - row.created_at).total_seconds() / 10), SIGN_S_MAX)

    async def _give(
        self, carried: Carried, now: datetime, words: str, pause_s: float, awaited: Submission | None, *, release: bool
    ) -> None:
        row, work = carried.row, carried.work
        row = replace(row, signs=row.signs + 1, due_at=now + timedelta(seconds=pause_s))
        if not await carried.ledger.save_attempt(row, release=release):
            return
        carried.row = row
        sign = progressed(
            work.order,
            (now - row.created_at).total_seconds(),
            words,
            queue_position=None if awaited is None else awaited.queue_position,
            wait_s=None if awaited is None else awaited.wait_s,
            next_within_s=2 * pause_s,
        )
        try:
            await self._bus.publish([work.report.record(sign, self._clock.now(), row.signs)])
        except BusError:
            _log.info("A sign of life was not published.", extra=work.report.log_fields)
