"""A ledger, a conductor who looks at it, and worker processes that end as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import JobQueued
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.shell.conductor import Conductor
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.keeper import lineage_of
from queuebit_quantum_adapter.shell.stepping import Pace
from queuebit_quantum_adapter.shell.task import Waiting
from queuebit_quantum_adapter.submissions.packed import packed
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_store.attempts.port import KeptAttempt, NewAttempt
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from tests.fakes.buses import CollectingBus
from tests.fakes.opened_provider import SPEC
from tests.unit.quantum_adapter.models import JOB, LIMITS, NOW, a_maxcut, an_attempt, an_order

ORDER = an_order(a_maxcut(4), lane="quantum")
PATIENT = an_order(a_maxcut(4), lane="quantum", params={"fallback": False})
LINEAGE, KEY = lineage_of(str(JOB), ORDER.leg), UUID(int=100)
LEASE_S = 60.0


def enveloped(order: JobQueued) -> Envelope:
    return Envelope(UUID(int=9), "/test", str(JOB), NOW, order, tenant="acme", version=3)


class Steps:
    """Worker processes whose steps end as a test says, after what a test does meanwhile."""

    def __init__(self) -> None:
        self.ends: Any = Waiting(None)
        self.meanwhile: Any = None
        self.counted()

    def counted(self) -> list[str]:
        """The steps from now on."""
        self.steps: list[str] = []
        return self.steps

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        self.steps.append(function_path)
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends

    async def close(self) -> None:
        return


class Stuck(CollectingBus):
    """Nothing is ever acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.records.extend(records)
        self.asked.set()
        await asyncio.Event().wait()


class Place:
    """One ledger, and a conductor who looks at it."""

    def __init__(
        self,
        bus: CollectingBus,
        backends: Sequence[str] = (SPEC.name,),
        order: JobQueued = ORDER,
        pool: Steps | None = None,
        kept_s: float = 1e9,
    ) -> None:
        self.data = packed(encode_headers(enveloped(order)), encode_data(order))
        self.now_s = 1000.0
        self.hooks = Hooks()
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s), hooks=self.hooks)
        self.bus = bus
        self.pool = pool or Steps()
        clock = SystemClock()
        self.executor = QuantumExecutor(self.pool, Backends([SPEC]), LIMITS, clock, worker="w")
        pace = Pace(0.01, 15.0, LEASE_S, kept_s=kept_s)

        def conductor() -> Conductor:
            return Conductor(self.open, bus, self.pool, self.executor, clock, pace, backends, owner="one")

        self._conductor = conductor
        self.conductor = conductor()

    def again(self) -> Place:
        """The same place, with a conductor that has just started."""
        self.conductor = self._conductor()
        return self

    async def open(self) -> Any:
        return self.store

    async def kept(self, number: int = 1) -> KeptAttempt:
        return await self.store.keep_attempt(NewAttempt(an_attempt(number), LINEAGE, number, SPEC.name, self.data))

    async def handed_in(self) -> None:
        await self.store.intend(NewSubmission(KEY, an_attempt(1), 0, SPEC.name, b"circuits", "0" * 64, LINEAGE))

    async def row(self, number: int = 1) -> KeptAttempt:
        found = await self.store.attempt(an_attempt(number))
        assert found is not None
        return found

    async def until(self, happened: Any, *, then: Any = None, last: Any = None) -> None:
        """Conduct until it has happened, and something more after what a test does then; then stop."""
        stop = asyncio.Event()
        running = asyncio.ensure_future(self.conductor.run(stop))
        async with asyncio.timeout(30.0):
            while not await happened():  # noqa: ASYNC110 - the ledger tells nobody
                await asyncio.sleep(0.005)
            if then is not None:
                then()
                while not await last():  # noqa: ASYNC110 - the ledger tells nobody
                    await asyncio.sleep(0.005)
            stop.set()
            await running

    def concluded(self, row: Submission) -> Submission:
        return replace(row, state=SubmissionState.CONCLUDED, provider_id="job", due_at=None)

    def cancelled(self, row: Submission) -> Submission:
        return replace(row, state=SubmissionState.CANCELLED, due_at=None)

    async def wanted(self) -> bool:
        found = await self.store.submission(KEY)
        return found is not None and not found.cancel_wanted
