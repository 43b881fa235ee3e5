"""A gateway in this process on the memory ports, and a small stand-in for the control plane that appends events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, cast
from uuid import UUID

import httpx2

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.channels import ADMITTED, CONTROL, DECISIONS, LARGE
from queuebit_contracts.commands import CancelJob, DecidePlan
from queuebit_contracts.envelope import Envelope, decode, encode_data
from queuebit_contracts.ids import attempt_id_of, derive_id, refusal_id_of
from queuebit_contracts.jobs import Confidence, Leg, Ran
from queuebit_contracts.origin import whole_origin
from queuebit_domain.job.summary import PLACE
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_gateway.access.authentication import Role, row_of
from queuebit_gateway.access.rate_limits import RATES
from queuebit_gateway.egress.target import EgressPolicy
from queuebit_gateway.http.app import create_app
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.main import build_parts
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Subscription
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.bounded_work import BoundedWork
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.directory.keys import make_key
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head, NewEvent
from queuebit_store.projections.runner import ProjectionRunner

PEPPER = b"pepper for tests"
LOOPBACK = EgressPolicy(allowed=(ip_network("127.0.0.0/8"),))
LEG = "primary-classical"
RAN = Ran(lane="classical", method="enumeration", backend="test")


class MovableClock(SystemClock):
    """The machine's clock, moved by `offset` (wall) and `moved_s` (monotonic)."""

    offset = timedelta()
    moved_s = 0.0

    def now(self) -> datetime:
        return super().now() + self.offset

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.moved_s


class Plane:
    """Appends what a control plane would: at once up to `stop_after`, the rest when told."""

    def __init__(self, store: MemoryStore, bus: MemoryBus, clock: MovableClock) -> None:
        self.store, self.clock = store, clock
        self.asleep = False
        self.seen = asyncio.Event()
        self.submissions: list[Envelope] = []
        self.cancellations: list[Envelope] = []
        self.decisions: list[Envelope] = []
        self.finish_at_once = True
        self.reject = False
        self.reject_code = "unknown_tenant"
        self.retry_after_s: float | None = None
        self.answer: dict[str, Any] = {"side": [0, 1]}
        bus.subscribe(Subscription((ADMITTED, LARGE), "plane", self._submitted))
        bus.subscribe(Subscription((CONTROL,), "plane", self._control, broadcast=True))
        bus.subscribe(Subscription((DECISIONS,), "plane-decisions", self._decided))

    async def _submitted(self, delivery: Delivery) -> None:
        for record in delivery.records:
            envelope = decode(record.headers, record.value)
            assert isinstance(envelope.data, ev.JobSubmitted)
            self.submissions.append(envelope)
            self.seen.set()
            if not self.asleep:
                await self.take(envelope)
        delivery.done_all()

    async def take(self, envelope: Envelope) -> None:
        """The first events of a job; nothing where it has some."""
        assert isinstance(envelope.data, ev.JobSubmitted)
        if self.reject:
            rejection = ev.JobRejected(
                code=self.reject_code,
                field="/request/tenant",
                detail="There is no tenant.",
                remedy="Add it.",
                cause_id=envelope.id,
                retry_after_s=self.retry_after_s,
                origin=whole_origin(envelope.data.origin, envelope.data.idempotency_key, envelope.data.request),
            )
            refused = refusal_id_of(envelope.tenant or "", envelope.source, envelope.id)
            await self.append(refused, 0, [rejection], "rejected", envelope)
            return
        request = envelope.data.request
        leg = Leg(leg=LEG, role="primary", lane="classical", budget_s=1.0, attempts_max=2, reason="the only one")
        planned = ev.JobPlanned(
            plan="classical_only",
            sense="max",
            legs=(leg,),
            policy_version="1",
            rule="wish",
            reasons=("asked",),
            inputs={"n": 6},
        )
        queued = ev.JobQueued(
            attempt_id=attempt_id_of(envelope.job_id, LEG, 1), leg=LEG, role="primary", lane="classical", number=1,
            tier=request.tier, problem=request.problem, fingerprint="f", seed=1, budget_s=1.0,
        )  # fmt: skip
        done = await self.append(envelope.job_id, 0, [envelope.data, planned, queued], "queued", envelope)
        if done and self.finish_at_once:
            await self.finish(envelope.job_id)

    async def finish(self, job_id: UUID) -> None:
        """The rest of a job's events up to completion."""
        attempt_id, now = attempt_id_of(job_id, LEG, 1), self.clock.now()
        started = ev.JobStarted(attempt_id=attempt_id, leg=LEG, worker="w", started_at=now)
        progressed = ev.ExecutionProgressed(
            attempt_id=attempt_id, leg=LEG, elapsed_s=0.1, objective=5, bound=6, gap=0.2
        )
        answer = self.answer
        succeeded = ev.ExecutionSucceeded(
            attempt_id=attempt_id, leg=LEG, lane="classical", ran=RAN, answer=answer, objective=1, bound=1,
            proven_optimal=True, started_at=now, finished_at=now,
        )  # fmt: skip
        confidence = Confidence(value=1.0)
        validated = ev.ResultValidated(
            attempt_id=attempt_id, leg=LEG, verdict="accepted", objective=1, bound=1, gap=0.0, proven_optimal=True,
            confidence=confidence, problem_fingerprint="p", answer_fingerprint=fingerprint(answer),
        )  # fmt: skip
        completed = ev.JobCompleted(
            kind="maxcut", answer=answer, objective=1, bound=1, gap=0.0, proven_optimal=True, verdict="accepted",
            confidence=confidence, leg=LEG, attempt_id=attempt_id, ran=RAN, reasons=("proved",), elapsed_s=0.2,
        )  # fmt: skip
        version = len(self.store.database.events[job_id])
        await self.append(job_id, version, [started, progressed, succeeded, validated, completed], "completed")

    async def _control(self, delivery: Delivery) -> None:
        for record in delivery.records:
            envelope = decode(record.headers, record.value)
            assert isinstance(envelope.data, CancelJob)
            self.cancellations.append(envelope)
            version = len(self.store.database.events[envelope.job_id])
            cancelled = ev.JobCancelled(actor=envelope.data.actor, reason=envelope.data.reason)
            await self.append(envelope.job_id, version, [cancelled], "cancelled")
        delivery.done_all()

    async def _decided(self, delivery: Delivery) -> None:
        for record in delivery.records:
            envelope = decode(record.headers, record.value)
            assert isinstance(envelope.data, DecidePlan)
            self.decisions.append(envelope)
        delivery.done_all()

    async def append(
        self, job_id: UUID, version: int, events: list[Any], state: str, envelope: Envelope | None = None
    ) -> bool:
        row = self.store.database.streams.get(job_id)
        request = envelope.data.request if envelope is not None else None  # type: ignore[union-attr]
        if envelope is None:
            attributes = row.head.attributes  # type: ignore[union-attr]
        else:
            about: Any = envelope.data
            attributes = {"kind": about.request.problem.kind, "tier": about.request.tier, "lane": about.request.lane}
            attributes |= {"fingerprint": about.fingerprint}
            if state != "rejected":
                attributes |= {name: value for name, value in about.request.labels.items() if name in PLACE}
        head = Head(state, None, attributes)
        tenant = request.tenant if request is not None else row.tenant  # type: ignore[union-attr]
        now = self.clock.now()
        new = tuple(
            NewEvent(derive_id(job_id, f"{version + nth}"), type(event).__name__, 1, encode_data(event).decode(), now)
            for nth, event in enumerate(events, 1)
        )
        return (await self.store.append([Append(job_id, tenant, version, new, head)]))[0]


@dataclass
class RunningGateway:
    """The gateway, what is behind it, and clients with keys."""

    parts: Parts
    store: MemoryStore
    broker: MemoryBroker
    plane: Plane
    clock: MovableClock
    app: Any
    http: httpx2.AsyncClient
    artifacts: MemoryArtifacts
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    async def key(self, tenant: str = "acme", role: str = "submitter") -> str:
        """The API key of this tenant and role, made when first asked for."""
        if (tenant, role) not in self.keys:
            nth = len(self.keys) + 1
            text = make_key(nth, 10**60 + nth)
            await self.store.add_tenant(tenant, self.clock.now())
            await self.store.add_key(row_of(text, PEPPER, tenant, cast("Role", role), self.clock.now()))
            self.keys[tenant, role] = text
        return self.keys[tenant, role]

    async def headers(self, tenant: str = "acme", role: str = "submitter", **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.key(tenant, role)}", **more}

    async def submit(self, key: str | None = None, body: Any = None, **more: str) -> httpx2.Response:
        headers = {**await self.headers(), "Idempotency-Key": key or str(self.parts.ids.mint()), **more}
        return await self.http.post("/v1/jobs", json=a_body() if body is None else body, headers=headers)


async def improved(world: RunningGateway, job_id: str, answer: dict[str, Any]) -> None:
    """A better answer of an ended job."""
    stored = world.store.database.events[UUID(job_id)]
    (told,) = [ev.JobCompleted.model_validate_json(each.data) for each in stored if each.type == "JobCompleted"]
    better = ev.JobImproved(
        answer=answer, objective=0, previous_objective=1, verdict="accepted", confidence=told.confidence,
        leg=told.leg, attempt_id=told.attempt_id, ran=told.ran,
    )  # fmt: skip
    await world.plane.append(UUID(job_id), len(stored), [better], "completed")


def a_body(**changes: Any) -> dict[str, Any]:
    """A triangle, whose best cut is 2."""
    statement = {"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]}
    return {"problem": {"kind": "maxcut", "statement": statement}, "lane": "classical", **changes}


async def counted(world: RunningGateway) -> None:
    """The figures, as a control plane counts them beside."""
    clock = world.clock
    runner = ProjectionRunner(world.store, PROJECTIONS, holder="one", now=clock.now, monotonic_s=clock.monotonic_s)
    await runner.prepare()
    while (await runner.step(limit=100)).more:
        pass
    await runner.release()


@asynccontextmanager
async def a_world(
    rates: Any = RATES, work: BoundedWork | None = None, *, runs_operations: bool = True
) -> AsyncIterator[RunningGateway]:
    """A world that runs, and is gone afterwards."""
    clock = MovableClock()
    store, broker = MemoryStore(), MemoryBroker(clock)
    bus = MemoryBus(broker)
    plane = Plane(store, bus, clock)
    artifacts = MemoryArtifacts(clock.now)
    parts = build_parts(
        store,
        store,
        bus,
        pepper=PEPPER,
        clock=clock,
        ids=SystemIds(clock),
        rates=rates,
        poll_interval_s=0.005,
        work=work,
        egress=LOOPBACK,
        artifacts=artifacts,
        runs_operations=runs_operations,
    )
    app = create_app(parts)
    await bus.start()
    try:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
            yield RunningGateway(parts, store, broker, plane, clock, app, http, artifacts)
    finally:
        parts.tailer.close()
        await bus.stop(1.0)
