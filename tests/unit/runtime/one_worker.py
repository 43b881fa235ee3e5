"""One worker on a bus of its own, and the orders that it gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from queuebit_contracts.channels import CONTROL, EXECUTIONS, queued
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.events import (
    AttemptAbandoned,
    ExecutionFailed,
    ExecutionProgressed,
    ExecutionSucceeded,
    JobQueued,
)
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import TIERS, Problem, Ran, Tier
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.worker.attempts import Outcome
from queuebit_runtime.worker.executor import Executor
from queuebit_runtime.worker.joining import Joiner
from queuebit_runtime.worker.shell import WorkShell
from tests.fakes.moved_clock import START, MovedClock, settle

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def an_order(
    number: int, *, size: str = "small", tier: Tier = "batch", job: int | None = None, **changes: Any
) -> Envelope:
    data = JobQueued(
        attempt_id=UUID(int=1000 + number),
        leg="classical",
        role="primary",
        lane="classical",
        number=1,
        tier=tier,
        problem=Problem(kind="maxcut", statement={"size": size}),
        fingerprint="f",
        seed=1,
        budget_s=1,
        **changes,
    )
    subject = str(UUID(int=number if job is None else job))
    return Envelope(UUID(int=5000 + number), "/queuebit/control-plane", subject, START, data, "acme", 3, TRACE)


def a_record(envelope: Envelope, topic: str | None = None) -> Outgoing:
    assert topic or isinstance(envelope.data, JobQueued)
    name = topic or queued("classical", envelope.data.tier)  # type: ignore[union-attr]
    return Outgoing(name, envelope.subject.encode(), encode_data(envelope.data), encode_headers(envelope))


def an_answer(order: JobQueued) -> ExecutionSucceeded:
    return ExecutionSucceeded(
        attempt_id=order.attempt_id,
        leg=order.leg,
        lane=order.lane,
        ran=Ran(lane="classical", method="guess", backend="test"),
        answer={"x": 1},
        objective=1,
        started_at=START,
        finished_at=START,
    )


@dataclass
class ScriptedExecutor:
    """Small orders answer at once; large ones when released. `log` tells what ran in which order."""

    log: list[str] = field(default_factory=list)
    release: dict[int, asyncio.Future[Outcome | Exception]] = field(default_factory=dict)
    progress: dict[int, Callable[[ExecutionProgressed], None]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    deaf: bool = False
    spend: Callable[[], None] = lambda: None

    def is_small(self, order: JobQueued) -> bool:
        return bool(order.problem.statement["size"] != "large")

    def run_small(self, order: JobQueued) -> Outcome:
        self.log.append(f"small {order.attempt_id.int - 1000}")
        self.spend()
        if order.problem.statement["size"] == "broken":
            raise ValueError("no such node")
        if order.problem.statement["size"] == "huge":
            return an_answer(order).model_copy(update={"answer": {"x": "y" * 9_000_000}})
        return an_answer(order)

    async def run(
        self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> Outcome:
        number = order.attempt_id.int - 1000
        self.log.append(f"start {number}")
        self.progress[number] = progress
        self.release[number] = asyncio.get_running_loop().create_future()
        stopped = asyncio.ensure_future(asyncio.Event().wait() if self.deaf else stop.wait())
        try:
            await asyncio.wait((self.release[number], stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        self.log.append(f"end {number}")
        if not self.release[number].done():
            code = FailureCode.CANCELLED
            return ExecutionFailed(
                attempt_id=order.attempt_id, leg=order.leg, code=code, detail="told to", remedy="none"
            )
        found = self.release[number].result()
        if isinstance(found, Exception):
            raise found
        return found

    async def finish(self, number: int, found: Outcome | Exception | None = None) -> None:
        order = an_order(number).data
        assert isinstance(order, JobQueued)
        self.release[number].set_result(found or an_answer(order))
        await settle()


class Joining(Executor, Joiner, Protocol):
    """An executor that joins orders too."""


class OneWorker:
    """One worker on a bus of its own."""

    def __init__(
        self,
        telemetry: Telemetry = SILENT,
        joiner: Joiner | None = None,
        around: Callable[[Executor], Joining] | None = None,
        beside: OneWorker | None = None,
    ) -> None:
        """`around`: what stands around the executor, and joins orders. `beside`: it shares the broker of another worker."""
        self.clock: MovedClock = MovedClock() if beside is None else beside.clock
        self.broker: MemoryBroker = MemoryBroker(self.clock) if beside is None else beside.broker
        self.bus = MemoryBus(self.broker)
        self.executor = ScriptedExecutor()
        outer = None if around is None else around(self.executor)
        self.shell = WorkShell(
            self.bus,
            outer or self.executor,
            service="classical-solver",
            topics=tuple(queued("classical", tier) for tier in TIERS),
            group="classical-solver",
            worker_name="w-1",
            clock=self.clock,
            concurrency_max=2,
            hop=self._hop,
            telemetry=telemetry,
            joiner=outer or joiner,
        )

    async def _hop(self, run: Callable[[], list[Outcome]]) -> list[Outcome]:
        outcomes = run()
        self.executor.batches.append(len(outcomes))
        return outcomes

    async def give(self, *orders: Envelope) -> None:
        await self.bus.publish([a_record(order) for order in orders])
        await settle()

    async def abandon(self, number: int) -> None:
        data = AttemptAbandoned(attempt_id=UUID(int=1000 + number), leg="classical", reason="enough")
        envelope = Envelope(UUID(int=9000 + number), "/queuebit/control-plane", str(UUID(int=number)), START, data)
        await self.bus.publish([a_record(envelope, CONTROL)])
        await settle()

    def said(self) -> list[Envelope]:
        records = sorted(self.broker.records(EXECUTIONS), key=lambda each: (each.partition, each.offset))
        return [decode(each.headers, each.value) for each in records]

    def outcomes(self) -> dict[int, str]:
        """What became of each attempt: `ok`, or the failure's code."""
        return {
            each.data.attempt_id.int - 1000: each.data.code.value if isinstance(each.data, ExecutionFailed) else "ok"
            for each in self.said()
            if isinstance(each.data, ExecutionSucceeded | ExecutionFailed)
        }

    async def undone(self) -> int:
        await self.clock.advance(0.2)
        return sum(self.broker.lag(f"classical-solver.{tier}", queued("classical", tier)) for tier in TIERS)
