"""A control plane and a lane of workers on virtual time, with tenants who ask for jobs."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import derive_id, uuid7
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.registry import REGISTRY
from queuebit_control_plane.app import ControlPlane
from queuebit_control_plane.handler import InboundCommand
from queuebit_domain.job.messages import Message, Submit
from queuebit_domain.release.shares import Shares
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from queuebit_store.projections.port import ReadEvent
from tests.builders import a_problem, a_success, a_verdict, inputs
from tests.simulation.virtual import BEGIN, VirtualClock

RUN_S = 0.5
PROBLEM = fingerprint(a_problem())
WORKERS = 2


@dataclass
class Lane:
    """A control plane, and a lane of some workers behind one queue. `took_s`: from a job's submission to its end, by tenant."""

    shares: Shares | None
    run_s: float = RUN_S
    workers: int = WORKERS
    announces: bool = False
    took_s: dict[str, list[float]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    busy_s: float = 0.0

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.bus = MemoryBus(MemoryBroker(self.clock))
        self.plane = ControlPlane(self.store, self.bus, self.clock, holder="one", shares=self.shares)
        self.queue: deque[tuple[UUID, ev.JobQueued]] = deque()
        self.submitted: dict[UUID, tuple[str, datetime]] = {}
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Until `ended`."""
        await self.bus.start()
        self.running = [asyncio.ensure_future(each) for each in (self.plane.run(self.stop), self._read())]
        self.running += [asyncio.ensure_future(self._work()) for _ in range(self.workers)]

    async def ended(self) -> None:
        """Wait until all that was asked is answered, then stop."""
        while self.submitted:
            await self.clock.sleep(1.0)
            self.check()
        self.stop.set()
        await self.running[0]
        for each in self.running[1:]:
            each.cancel()
        await self.bus.stop()

    def check(self) -> None:
        """Whatever has ended has failed."""
        for each in self.running:
            if each.done():
                each.result()
                raise AssertionError("it ended")

    async def ask(self, tenant: str, count: int, every_s: float, **params: str) -> None:
        for nth in range(count):
            job_id = uuid7(int(BEGIN.timestamp() * 1000) + sum(self.asked.values()), nth)
            self.asked[tenant] += 1
            self.submitted[job_id] = (tenant, self.clock.now())
            request = JobRequest(
                tenant=tenant, problem=a_problem(), lane="classical", tier="batch", budget_s=self.run_s, params=params
            )
            size = ev.ProblemSize(variables=6, qubits=6, terms=6)
            admission = ev.Admission(size=size, family="optimisation", sense="max", problem_fingerprint=PROBLEM)
            event = ev.JobSubmitted(request=request, idempotency_key=f"k{nth}", fingerprint="f", admission=admission)
            await self._tell(job_id, Submit(job_id, event, inputs(request)), tenant)
            await self.clock.sleep(every_s)

    async def _tell(self, job_id: UUID, message: Message, tenant: str = "") -> None:
        cause = derive_id(job_id, type(message).__name__)
        rival = derive_id(job_id, "refusal") if tenant else None
        assert await self.plane.handler.handle([InboundCommand(job_id, message, cause, tenant, rival_id=rival)]) == []

    async def _read(self) -> None:
        """Orders come to the workers as they stand in the log."""
        place = Position()
        while True:
            page = await self.store.read_page(
                place, limit=1000, categories=("job",), types={"JobQueued": ev.JobQueued.schema_version}
            )
            place = page.end
            for each in page.events:
                order = cast(ev.JobQueued, REGISTRY.read_stored(each.type, each.schema_version, each.data))
                if order.lane == "classical":
                    self.put(each, order)
            await self.clock.sleep(0.01)

    def put(self, stored: ReadEvent, order: ev.JobQueued) -> None:
        """An order has come to the workers."""
        self.queue.append((stored.stream_id, order))

    def take(self) -> tuple[UUID, ev.JobQueued] | None:
        """The one whose turn it is."""
        return self.queue.popleft() if self.queue else None

    def done_with(self, order: ev.JobQueued) -> None:
        """A worker is free again."""

    async def _work(self) -> None:
        while True:
            found = self.take()
            if found is None:
                await self.clock.sleep(0.01)
                continue
            job_id, order = found
            began = self.clock.now()
            if self.announces:
                start = ev.JobStarted(attempt_id=order.attempt_id, leg=order.leg, worker="w", started_at=began)
                await self._tell(job_id, start)
            await self.clock.sleep(self.run_s)
            self.busy_s += self.run_s
            self.done_with(order)
            attempt_id = order.attempt_id
            success = a_success(order.leg, attempt_id=attempt_id, started_at=began, finished_at=self.clock.now())
            await self._tell(job_id, success)
            await self._tell(job_id, a_verdict(order.leg, attempt_id=attempt_id))
            tenant, asked_at = self.submitted.pop(job_id)
            self.took_s.setdefault(tenant, []).append((self.clock.now() - asked_at) / timedelta(seconds=1))


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]
