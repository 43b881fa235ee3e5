"""A run of the five services on one broker that notes who subscribes to what and who publishes what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import TERMINAL_STATES, JobRequest, Problem
from queuebit_gateway.access.authentication import row_of
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing, RecordTooLarge, Subscription
from queuebit_runtime.errors import PoolStopped
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.processes.hops import directly
from queuebit_runtime.processes.pool import InlinePool
from queuebit_runtime.waiting import wait_event
from queuebit_store.directory.keys import make_key
from queuebit_workbench.world import PEPPER, Ports, World
from tests.builders import a_success
from tests.simulation.virtual import BEGIN, VirtualClock, run_virtual

TENANT = "acme"
WORK_S = 10.0
PATIENCE_S = 300.0
WORKERS = ("queuebit_classical_solver.", "queuebit_quantum_adapter.")


@dataclass(slots=True)
class Seen:
    """What the services did with their buses: (service, subscription), and (service, topic, CloudEvents type)."""

    subscribed: list[tuple[str, Subscription]] = field(default_factory=list)
    published: set[tuple[str, str, str]] = field(default_factory=set)


class _NotingBus(MemoryBus):
    def __init__(self, broker: MemoryBroker, service: str, seen: Seen) -> None:
        super().__init__(broker)
        self._service = service
        self._seen = seen
        self._too_large: bytes | None = None

    def subscribe(self, subscription: Subscription) -> None:
        self._seen.subscribed.append((self._service, subscription))
        super().subscribe(subscription)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self._refuse_one(records)
        for record in records:
            said = dict(record.headers).get("ce_type", b"").decode()
            self._seen.published.add((self._service, record.topic, said))
        await super().publish(records)

    def _refuse_one(self, records: Sequence[Outgoing]) -> None:
        """The first event that the relay publishes is too large for the broker."""
        events = [dict(each.headers)["ce_id"] for each in records if each.topic == channels.LIFECYCLE]
        if events and self._too_large is None:
            self._too_large = events[0]
        if self._too_large in events:
            raise RecordTooLarge


class _SlowPool(InlinePool):
    """Work of workers takes some time, so that it can be withdrawn; what else is done in processes takes none."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    async def run(self, function_path: str, argument: Any, **how: Any) -> Any:
        if function_path.startswith(WORKERS) and await wait_event(
            how.get("stop") or asyncio.Event(), self._clock, WORK_S
        ):
            raise PoolStopped
        return await super().run(function_path, argument, **how)


def run_of_jobs() -> Seen:
    """Every way that a job can go, in virtual time, and what nobody can read on every topic."""
    return run_virtual(_Run().run())


class _Run:
    def __init__(self) -> None:
        self._seen = Seen()
        self._clock = VirtualClock()
        self._ids = SeededIds(self._clock, 1)
        pool = _SlowPool(self._clock)
        self._world = World(self._clock, self._ids, pool, hop=directly, ports=self._ports, poll_interval_s=0.05)
        self._key = make_key(1, 10**60)

    def _ports(self, world: World, member: str) -> Ports:
        return Ports(_NotingBus(world.broker, member, self._seen), world.store(), self._clock)

    async def run(self) -> Seen:
        store = self._world.store()
        await store.add_tenant(TENANT, BEGIN)
        await store.add_key(row_of(self._key, PEPPER, TENANT, "submitter", BEGIN, timedelta(days=1)))
        await self._world.start()
        app = self._world.app
        assert app is not None
        transport = httpx2.ASGITransport(app)
        headers = {"Authorization": f"Bearer {self._key}"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://queuebit.local", headers=headers) as http:
            async with asyncio.timeout(PATIENCE_S):
                await self._ask(http)
                await self._until_all_ended()
        await self._clock.sleep(5.0)
        await self._world.stop()
        return self._seen

    async def _ask(self, http: httpx2.AsyncClient) -> None:
        for tier in ("interactive", "batch", "scheduled"):
            asked = {"tier": tier, "lane": "classical", "problem": _ring(6)}
            first = await self._submit(http, asked)
            await self._submit(http, {**asked, "seed": 2, "supersedes": str(first)})
            unsolvable = {"tier": tier, "lane": "simulator", "problem": _ring(5), "params": {"layers": 0}}
            await self._submit(http, unsolvable)
        await self._submit(
            http, {"lane": "simulator", "problem": _ring(4), "params": {"layers": 1, "shots": 64, "refine": True}}
        )
        await self._submit(http, {"lane": "rule", "problem": _impossible()})
        soon = (self._clock.now() + timedelta(seconds=5)).isoformat()
        await self._submit(http, {"lane": "classical", "problem": _large(), "deadline": soon})
        undone = [{"name": "slot", "command": "com.acme.ReleaseSlot"}]
        withdrawn = await self._submit(http, {"lane": "classical", "problem": _ring(30), "compensations": undone})
        wrong = await self._submit(http, {"lane": "classical", "problem": _ring(31)})
        await self._until_begun(withdrawn)
        await http.post(f"/v1/jobs/{withdrawn}/cancel", json={"reason": "changed my mind"})
        await self._until_begun(wrong)
        self._claim_nonsense(wrong, _ring(31))
        self._send(channels.SUBMITTED, _asked(_ring(3)), self._ids.mint())
        self._send(channels.SUBMITTED, _asked(_large()), self._ids.mint())
        self._send(channels.SUBMITTED, _asked({"kind": "tower_of_hanoi", "statement": {}}), self._ids.mint())
        for channel in channels.CHANNELS:
            if channel.readers and not channel.broadcast:
                self._world.broker.append([Outgoing(channel.topic, b"k", b"not JSON", [])])

    async def _submit(self, http: httpx2.AsyncClient, body: dict[str, Any]) -> UUID:
        reply = await http.post("/v1/jobs", json=body, headers={"Idempotency-Key": str(self._ids.mint())})
        assert reply.status_code == 202, reply.text
        return UUID(reply.json()["id"])

    def _claim_nonsense(self, job_id: UUID, problem: dict[str, Any]) -> None:
        leg = "primary-classical"
        claim = a_success(
            leg, attempt_id=attempt_id_of(job_id, leg, 1), answer={"side": [7]}, problem=Problem(**problem)
        )
        self._send(channels.EXECUTIONS, claim, job_id)

    def _send(self, topic: str, data: Data, subject: UUID) -> None:
        event_id = uuid7(int(self._clock.now().timestamp() * 1000), self._ids.mint().int % 2**62)
        envelope = Envelope(event_id, "/outside", str(subject), self._clock.now(), data, TENANT)
        self._world.broker.append([Outgoing(topic, str(subject).encode(), encode_data(data), encode_headers(envelope))])

    async def _until_begun(self, job_id: UUID) -> None:
        while not any(event.type == "JobStarted" for event in self._world.database.events.get(job_id, ())):
            await self._clock.sleep(0.1)

    async def _until_all_ended(self) -> None:
        await self._clock.sleep(1.0)
        while any(row.head.state not in TERMINAL_STATES for row in self._world.database.streams.values()):
            await self._clock.sleep(0.5)


def _asked(problem: dict[str, Any]) -> ev.JobSubmitted:
    return ev.JobSubmitted(request=JobRequest(tenant=TENANT, problem=Problem(**problem)))


def _ring(nodes: int) -> dict[str, Any]:
    edges = [[node, (node + 1) % nodes, 1] for node in range(nodes)]
    return {"kind": "maxcut", "statement": {"nodes": nodes, "edges": edges}}


def _large() -> dict[str, Any]:
    problem = _ring(6000)
    assert len(str(problem)) > 65_536
    return problem


def _impossible() -> dict[str, Any]:
    """Three jobs for two agents, each of whom has room for any one of them but for no two: only a search finds out."""
    statement = {"profits": [[1, 2, 3], [3, 4, 5]], "weights": [[3, 3, 3], [3, 3, 3]], "capacities": [5, 5]}
    return {"kind": "generalised_assignment", "statement": statement}
