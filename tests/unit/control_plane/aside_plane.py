"""A control plane that sets questions aside, on the memory ports, and those who send to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from queuebit_contracts import channels
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import derive_id, uuid7
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_control_plane.app import ControlPlane
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolError, PoolExhausted
from queuebit_runtime.processes.bounded_work import BoundedWork
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.memory import MemoryStore
from tests.builders import NOW


class HeldPool(InlinePool):
    """Runs a task when it is let, or ends with an error; remembers what was asked of it."""

    def __init__(self) -> None:
        self.error: PoolError | None = None
        self.gate = asyncio.Semaphore(0)
        self.fatal = frozenset[str]()
        self.subjects: list[str] = []
        self.runs: list[int] = []

    async def run(self, function_path: str, argument: Any, **how: Any) -> Any:
        records = argument if isinstance(argument, list) else [argument]
        subjects = [dict(record.headers)["ce_subject"].decode() for record in records]
        self.subjects += subjects
        self.runs.append(len(records))
        await self.gate.acquire()
        if self.error is not None or not self.fatal.isdisjoint(subjects):
            raise self.error or PoolExhausted()
        return await super().run(function_path, argument, **how)

    def open(self) -> None:
        for _ in range(1000):
            self.gate.release()


class Plane:
    """A control plane on the memory ports, and those who send to it."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.broker = MemoryBroker(self.clock)
        self.bus = MemoryBus(self.broker)
        self.store = MemoryStore()
        self.pool = HeldPool()
        self.work = BoundedWork(self.pool, self.pool)
        ControlPlane(self.store, self.bus, self.clock, holder="test", work=self.work)

    async def send(self, *records: Outgoing) -> None:
        await self.bus.publish(records)

    def events(self) -> dict[str, list[str]]:
        """By tenant and state of the stream: what is there."""
        return {
            f"{row.tenant} {row.head.state}": [event.type for event in self.store.database.events[stream]]
            for stream, row in self.store.database.streams.items()
        }

    def streams(self) -> list[list[str]]:
        """The types of the events of each stream."""
        return [[event.type for event in events] for events in self.store.database.events.values()]

    def jobs(self, tenant: str) -> int:
        return sum(row.tenant == tenant for row in self.store.database.streams.values())

    def first(self, tenant: str) -> dict[str, Any]:
        (stream, *_) = (key for key, row in self.store.database.streams.items() if row.tenant == tenant)
        found: dict[str, Any] = orjson.loads(self.store.database.events[stream][0].data)
        return found

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def quiet(self, topic: str = channels.SUBMITTED, group: str = "control-plane") -> None:
        await self.until(lambda: self.broker.lag(group, topic) == 0)


@asynccontextmanager
async def a_plane() -> AsyncIterator[Plane]:
    plane = Plane()
    for tenant in ("acme", "globex"):
        await plane.store.add_tenant(tenant, NOW)
    await plane.bus.start()
    try:
        yield plane
    finally:
        plane.pool.open()
        await plane.bus.stop(5.0)


def a_ring(nodes: int) -> Problem:
    return Problem(kind="maxcut", statement={"nodes": nodes, "edges": [[i, (i + 1) % nodes, 1] for i in range(nodes)]})


def asked(
    number: int, tenant: str = "acme", problem: Problem | None = None, topic: str = channels.SUBMITTED, **more: Any
) -> Outgoing:
    """A question from upstream."""
    event_id = derive_id(uuid7(1, number), tenant)
    request = JobRequest(tenant=tenant, problem=problem or a_ring(6), lane="classical")
    data = JobSubmitted(**{"request": request, "idempotency_key": f"{tenant}-{number}", **more})
    envelope = Envelope(event_id, "/upstream", f"{tenant} {number}", NOW, data, tenant=tenant)
    return Outgoing(topic, event_id.bytes, encode_data(data), encode_headers(envelope))
