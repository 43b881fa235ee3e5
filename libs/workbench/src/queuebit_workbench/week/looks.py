"""Looking at the job again and again while it waits: who holds it, and whether its order still lies unread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from queuebit_contracts.channels import queued
from queuebit_contracts.jobs import Tier
from queuebit_runtime.errors import BusError
from queuebit_store.errors import StoreError
from queuebit_store.submissions.port import SubmissionState
from queuebit_workbench.faults.brokers import unread
from queuebit_workbench.week.judge import DAY_S, Look
from queuebit_workbench.week.scene import Scene

TIER: Tier = "scheduled"
TOPIC = queued("quantum", TIER)
GROUP = f"quantum-adapter.{TIER}"
LOOK_INTERVAL_S = 1.0
ROWS_MAX = 100


class Watch:
    """Looks until it is told to stop; the looks are kept."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.looks: list[Look] = []

    async def handed_in(self) -> UUID | None:
        """The attempt that waits at the provider with its order done with, where it has come that far."""
        rows = await self._scene.store.list_submissions([SubmissionState.FOLLOWING], limit=ROWS_MAX)
        if not rows or await self._unread():
            return None
        return rows[0].attempt_id

    async def hurry(self) -> None:
        """Have it looked at now, as an operator may: what has waited for long is asked for rarely."""
        for row in await self._scene.store.list_submissions([SubmissionState.FOLLOWING], limit=ROWS_MAX):
            await self._scene.store.hurry_submission(row.key)

    async def has_heard(self, left_s: float) -> bool:
        """Whether the ledger has the provider's word that it takes about so long; it is asked for at once."""
        await self.hurry()
        rows = await self._scene.store.list_submissions([SubmissionState.FOLLOWING], limit=ROWS_MAX)
        return any(row.wait_s is not None and abs(row.wait_s - left_s) < DAY_S / 2 for row in rows)

    async def run(self, attempt_id: UUID, stop: asyncio.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            with suppress(BusError, StoreError):  # what could not be seen is no look, and too few looks prove nothing
                self.looks.append(Look(await self._held(attempt_id), await self._unread()))
            await self._scene.clock.sleep(LOOK_INTERVAL_S)

    async def _held(self, attempt_id: UUID) -> bool:
        row = await self._scene.store.attempt(attempt_id)
        return row is None or row.owner is not None

    async def _unread(self) -> int:
        return sum((await unread(self._scene.stack, TOPIC, GROUP)).values())
