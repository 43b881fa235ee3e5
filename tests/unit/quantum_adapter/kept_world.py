"""Attempts that end their process while they wait: one ledger, one provider, and as many processes as that takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.ports import Recovery
from queuebit_quantum_adapter.shell.task import Outcome, Task
from queuebit_quantum_adapter.submissions.driver import Driver, terms_of
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_quantum_adapter.submissions.ledger import Loop
from queuebit_quantum_adapter.submissions.parking import Claim, Parking, Waits
from queuebit_store.attempts.port import KeptAttempt, NewAttempt
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import OPENED, SPEC
from tests.unit.quantum_adapter.models import a_maxcut, a_task

LINEAGE = UUID(int=6)


@dataclass
class World:
    """One ledger and one provider; each `step` is a process, each `follow` another one."""

    provider: MemoryProvider = field(default_factory=lambda: MemoryProvider(recovery=Recovery.FENCE))
    loop: Loop = field(default_factory=Loop)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))
        OPENED[:] = [self.provider]

    async def open(self) -> MemoryStore:
        return self.store

    async def kept(self, task: Task, number: int = 1, lineage: UUID = LINEAGE) -> KeptAttempt:
        await self.store.keep_attempt(NewAttempt(task.attempt_id, lineage, number, "memory", b"order"))
        row = await self.store.claim_attempt(["memory"], "one", 60.0)
        assert row is not None
        return row

    async def step(self, task: Task, row: KeptAttempt) -> Outcome | None:
        """One process: the outcome, or None where it waits."""
        journal = Journal(row.journal)
        claim = Claim(task.attempt_id, row.lineage, row.epoch, task.backend, regions=task.regions)
        parking = Parking(self.open, claim, journal, loop=self.loop)
        try:
            return await asyncio.to_thread(frame.run, task, lambda _: None, frame.Kept(parking, journal))
        except Waits:
            return None

    async def follow(self) -> None:
        self.now_s += 1000.0
        driver = Driver(self.store, self.provider, terms_of(self.provider, poll_s=0.0), owner="follower")
        while await driver.advance_due("memory"):
            self.now_s += 1000.0

    async def whole(self, task: Task, number: int = 1, lineage: UUID = LINEAGE) -> tuple[Outcome, int]:
        """To its outcome; how many processes that took."""
        row, steps = await self.kept(task, number, lineage), 1
        while (outcome := await self.step(task, row)) is None:
            await self.follow()
            found = await self.store.attempt(task.attempt_id)
            assert found is not None
            row, steps = replace(row, journal=found.journal), steps + 1
        await self.store.end_attempt(row)
        return outcome, steps


def a_paid(number: int = 1, **recipe: Any) -> Task:
    recipe = {"layers": 1, "shots": 64, **recipe}
    return replace(a_task(a_maxcut(6), number=number, **recipe), backend=SPEC)
