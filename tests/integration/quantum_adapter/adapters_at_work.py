"""Adapters that come and go on one bus and one ledger, beside a provider's cloud on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from queuebit_contracts.channels import CONTROL, EXECUTIONS, queued
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.events import AttemptAbandoned, JobQueued
from queuebit_quantum_adapter.shell.app import QuantumAdapter
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_store.postgres import PostgresStore
from tests.unit.quantum_adapter.models import JOB, NOW

WAIT_S = 120.0
FAST = AdapterSettings(follow_interval_s=0.1, sign_interval_s=0.5, lease_s=2.0)


class Adapters:
    """Adapters that come and go, on one bus and one ledger."""

    def __init__(self, store: PostgresStore) -> None:
        self.clock = SystemClock()
        self.broker = MemoryBroker(self.clock)
        self.store = store
        self.pool = ProcessPool(1, 2048)
        self._ends: list[Callable[[], Any]] = []

    async def begin(self) -> None:
        bus, stop = MemoryBus(self.broker), asyncio.Event()

        async def ledger() -> PostgresStore:
            return self.store

        adapter = QuantumAdapter(
            bus, self.pool, self.clock, SystemIds(self.clock), FAST, worker_name="w", warm=False, open_kept=ledger
        )
        running = asyncio.ensure_future(adapter.whole(stop))
        await bus.start()

        async def end() -> None:
            stop.set()
            await adapter.stop(0.0)
            await running
            await bus.stop()

        self._ends.append(end)

    async def end(self) -> None:
        """The oldest one goes, whatever it was at."""
        if self._ends:
            await self._ends.pop(0)()

    def send(self, order: JobQueued) -> None:
        self._append(queued("quantum", order.tier), order)

    def abandon(self, order: JobQueued) -> None:
        self._append(CONTROL, AttemptAbandoned(attempt_id=order.attempt_id, leg=order.leg, reason="enough"))

    def _append(self, topic: str, data: Any) -> None:
        envelope = Envelope(SystemIds(self.clock).mint(), "/test", str(JOB), NOW, data, tenant="acme", version=3)
        self.broker.append([Outgoing(topic, str(JOB).encode(), encode_data(data), encode_headers(envelope))])

    def told(self, kind: type[Any]) -> list[Any]:
        found = (decode(record.headers, record.value).data for record in self.broker.records(EXECUTIONS))
        return [each for each in found if isinstance(each, kind)]

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():  # noqa: ASYNC110 - neither cloud nor store tells anybody
                await asyncio.sleep(0.05)


@pytest.fixture
async def adapters(cloud: Any, postgres_store: PostgresStore) -> AsyncIterator[Adapters]:
    """One adapter, and those that begin later, beside a cloud."""
    found = Adapters(postgres_store)
    await found.begin()
    yield found
    while found._ends:
        await found.end()
    await found.pool.close()
