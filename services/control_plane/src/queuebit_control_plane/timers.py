"""The timers: jobs whose moment has come are looked at. The moment stands on the job's head, so it survives any crash."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.handler import CommandHandler, InboundCommand, log_fields
from queuebit_domain.job.messages import Wake
from queuebit_runtime.clock import Clock
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import StreamStore

log = logging.getLogger(__name__)


class Timers:
    """Looks for due jobs. Several may ring for the same job: the expected version lets one of them decide."""

    def __init__(
        self,
        store: StreamStore,
        handler: CommandHandler,
        clock: Clock,
        *,
        poll_interval_s: float = 0.25,
        batch_max: int = 500,
    ) -> None:
        self._store = store
        self._handler = handler
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._batch_max = batch_max
        self._undecidable: set[UUID] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Ring until `stop`."""
        while not stop.is_set():
            try:
                full = await self.step() >= self._batch_max
            except (StoreUnavailable, Contended) as error:
                log.warning("the timers wait: %s", error)
                full = False
            if not full:
                await self._clock.sleep(self._poll_interval_s)

    async def step(self) -> int:
        """Wake what is due; returns how many that were. A job that cannot be woken is left alone until a restart, and takes
        no other's turn.
        """
        due = await self._store.due(self._clock.now(), limit=self._batch_max + len(self._undecidable))
        ringing = [job_id for job_id in due if job_id not in self._undecidable]
        if ringing:
            commands = [InboundCommand(job_id, Wake(), derive_id(job_id, "wake")) for job_id in ringing]
            for each in await self._handler.handle(commands):
                log.error(
                    "a job cannot be woken; it is left alone", exc_info=each.error, extra=log_fields(each.command)
                )
                self._undecidable.add(each.command.job_id)
        return len(ringing)
