"""What the adapter says about its backends, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from queuebit_contracts.backends import BackendCapabilities, BackendDrift
from queuebit_contracts.envelope import decode
from queuebit_contracts.events import BackendStatusReported
from queuebit_quantum_adapter.backends.conditions import Condition, Described
from queuebit_quantum_adapter.backends.drifting import Drift
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.backends.status import BackendReporter, status_of
from queuebit_quantum_adapter.errors import ProviderUnavailable
from queuebit_quantum_adapter.ports import Capabilities, Recovery
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_runtime.bus.port import BusError, Outgoing, Subscription
from queuebit_runtime.errors import PoolCrashed
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.service.readiness import Reason
from tests.unit.quantum_adapter.models import LIMITS, NOW

SPEC = aer(LIMITS)


DEVICE = replace(SPEC, durable=True)
CAN = Capabilities("aer_simulator", "1", "simulator", 26, 1000, "ideal", exact=True, recovery=Recovery.FENCE, lag_s=5.0)
WHAT = Described(CAN, Condition(queue_length=7, detail="active"))
TOLD = BackendCapabilities(
    shots_max=1000, circuits_max=256, noise="ideal", exact=True, estimates=False, repeats=True, annealer=False,
    recovery="fence", lag_s=5.0,
)  # fmt: skip


def given(outcome: Described | Exception) -> Described:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


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


def said(available: bool, detail: str, **more: Any) -> BackendStatusReported:
    return BackendStatusReported(
        backend="aer_simulator",
        lane="simulator",
        available=available,
        qubits_max=26,
        detail=detail,
        provider=SPEC.version,
        region="local",
        **more,
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
    outcomes: list[Described | Exception] = [PoolCrashed("The process ended."), WHAT]

    async def probe(spec: BackendSpec) -> Described:
        assert spec == SPEC
        return given(outcomes.pop(0))

    reporter = BackendReporter(bus, Backends([SPEC]), clock, SeededIds(clock, 1), probe=probe)
    running = asyncio.ensure_future(reporter.run(stop))
    await bus.until(2)
    clock.wake.set()
    await bus.until(4)
    stop.set()
    await running

    fine, broken = said(True, f"version {SPEC.version}"), said(False, "The process ended.")
    assert bus.statuses == [fine, broken, broken, said(True, "active", queue_length=7, capabilities=TOLD)]
    assert outcomes == []


async def test_a_bus_that_is_down_does_not_end_the_reports() -> None:
    bus, clock = ListeningBus(), StillClock()
    reporter = BackendReporter(bus, Backends([SPEC]), clock, SeededIds(clock, 1), probe=None)

    bus.down = True
    await reporter.report()
    bus.down = False
    await reporter.report()

    assert len(bus.records) == 1


async def test_a_device_is_looked_at_each_time_and_one_that_is_silent_for_long_is_not_available() -> None:
    bus, clock, stop = ListeningBus(), StillClock(), asyncio.Event()
    silent = ProviderUnavailable("Nobody answers.")
    looks: list[Described | Exception] = [
        replace(WHAT, condition=Condition(queue_length=9)),
        silent,
        silent,
        silent,
        WHAT,
    ]

    async def probe(_spec: BackendSpec) -> Described:
        return WHAT

    async def look(spec: BackendSpec) -> Described:
        assert spec == DEVICE
        return given(looks.pop(0))

    ids = SeededIds(clock, 1)
    reporter = BackendReporter(bus, Backends([DEVICE]), clock, ids, probe=probe, look=look, interval_s=60.0)
    running = asyncio.ensure_future(reporter.run(stop))
    for count in range(2, 7):
        await bus.until(count)
        clock.wake.set()
    await bus.until(7)
    stop.set()
    await running

    assert [(status.available, status.queue_length) for status in bus.statuses] == [
        (True, None),
        (True, 7),
        (True, 9),
        (True, None),
        (True, None),
        (False, None),
        (True, 7),
    ]
    assert bus.statuses[5].detail == "Nobody answers."
    assert looks == []


async def test_a_device_that_says_it_is_off_is_not_available() -> None:
    off = status_of(DEVICE, Described(CAN, Condition(available=False, detail="maintenance")), None)

    assert (off.available, off.detail, off.queue_length) == (False, "maintenance", None)


def test_what_standing_probes_say_of_a_backend_stands_in_its_report() -> None:
    drift = Drift(probes=9, last_at=NOW, survival=0.8, usual=0.9, statistic=5.5, since=NOW)

    told = status_of(DEVICE, WHAT, None, drift).drift

    assert told == BackendDrift(
        probes=9, last_at=NOW, survival=0.8, usual=0.9, statistic=5.5, limit=5.0, drifted=True, since=NOW
    )
    assert status_of(DEVICE, WHAT, None).drift is None
