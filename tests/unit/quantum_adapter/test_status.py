"""What the adapter says about its backends, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from queuebit_contracts.envelope import decode
from queuebit_contracts.events import BackendStatusReported
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.backends.status import BackendReporter
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_runtime.bus.port import BusError, Outgoing, Subscription
from queuebit_runtime.errors import PoolCrashed
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.service.readiness import Reason
from tests.unit.quantum_adapter.models import LIMITS, NOW

SPEC = aer(LIMITS)


class StillClock:
    """Its sleepers wake when told to."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []
        self.wake = asyncio.Event()

    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        self.slept_s.append(delay_s)
        await self.wake.wait()
        self.wake.clear()


class ListeningBus:
    """Keeps what is published; `down` refuses it."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.down = False
        self._grown = asyncio.Condition()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.down:
            raise BusError
        async with self._grown:
            self.records += records
            self._grown.notify_all()

    async def until(self, count: int) -> None:
        """Until so many records are there."""
        async with asyncio.timeout(10), self._grown:
            await self._grown.wait_for(lambda: len(self.records) >= count)

    def subscribe(self, subscription: Subscription) -> None:
        raise AssertionError("nobody asks for this")

    async def start(self) -> None:
        raise AssertionError("nobody asks for this")

    async def stop(self, drain_s: float = 10.0) -> None:
        raise AssertionError("nobody asks for this")

    def hold(self, group: str, reason: Reason | None) -> None:
        raise AssertionError("nobody asks for this")

    def healthy(self) -> bool:
        return True

    @property
    def statuses(self) -> list[BackendStatusReported]:
        found = [decode(record.headers, record.value).data for record in self.records]
        return [status for status in found if isinstance(status, BackendStatusReported)]


def said(available: bool, detail: str) -> BackendStatusReported:
    return BackendStatusReported(
        backend="aer_simulator", lane="simulator", available=available, qubits_max=26, detail=detail
    )


async def test_a_backend_is_reported_at_once_and_again_after_the_interval() -> None:
    bus, clock, stop = ListeningBus(), StillClock(), asyncio.Event()
    reporter = BackendReporter(bus, Backends([SPEC]), clock, SeededIds(clock, 1), probe=None, interval_s=60.0)

    running = asyncio.ensure_future(reporter.run(stop))
    await bus.until(1)
    clock.wake.set()
    await bus.until(2)
    stop.set()
    await running

    assert bus.statuses == [said(True, f"version {SPEC.version}")] * 2
    assert {(record.topic, record.key) for record in bus.records} == {("backends.status", b"aer_simulator")}
    assert set(clock.slept_s) == {60.0}


async def test_a_backend_that_does_not_open_is_reported_until_it_does() -> None:
    bus, clock, stop = ListeningBus(), StillClock(), asyncio.Event()
    outcomes = [PoolCrashed("The process ended."), None]

    async def probe(spec: BackendSpec) -> None:
        assert spec == SPEC
        if (error := outcomes.pop(0)) is not None:
            raise error

    reporter = BackendReporter(bus, Backends([SPEC]), clock, SeededIds(clock, 1), probe=probe)
    running = asyncio.ensure_future(reporter.run(stop))
    await bus.until(2)
    clock.wake.set()
    await bus.until(4)
    stop.set()
    await running

    fine, broken = said(True, f"version {SPEC.version}"), said(False, "The process ended.")
    assert bus.statuses == [fine, broken, broken, fine]
    assert outcomes == []


async def test_a_bus_that_is_down_does_not_end_the_reports() -> None:
    bus, clock = ListeningBus(), StillClock()
    reporter = BackendReporter(bus, Backends([SPEC]), clock, SeededIds(clock, 1), probe=None)

    bus.down = True
    await reporter.report()
    bus.down = False
    await reporter.report()

    assert len(bus.records) == 1
