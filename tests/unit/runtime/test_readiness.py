"""Ready means that work can flow: what fails, hangs or says no is told by name, and so is when it is over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.service.service import Service
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.port import NoTelemetry
from tests.fakes.moved_clock import START, MovedClock, settle


def a_service(clock: MovedClock) -> Service:
    bus = MemoryBus(MemoryBroker(clock))
    return Service("test", RuntimeSettings(), bus, clock, SeededIds(clock, 1), NoTelemetry())


async def test_a_task_that_fails_is_run_again_and_told_until_a_run_of_it_has_lasted() -> None:
    """Given a task that fails twice, then it runs again after pauses; nothing crashes, and readiness names it meanwhile."""
    clock = MovedClock()
    service = a_service(clock)
    began_s: list[float] = []

    async def relay(stop: asyncio.Event) -> None:
        began_s.append(clock.monotonic_s())
        if len(began_s) == 1:
            raise ValueError("broken")
        if len(began_s) == 2:
            return
        await stop.wait()

    service.task("relay", relay)
    running = asyncio.ensure_future(service.run())
    await settle()
    assert service.reasons() == (
        Reason(
            "task_failed",
            "The task relay failed and is run again: ValueError.",
            {"task": "relay", "failures": 1},
            START,
        ),
    )
    await clock.advance(1)
    ended = Reason(
        "task_failed", "The task relay failed and is run again: TaskEnded.", {"task": "relay", "failures": 2}, START
    )
    assert service.reasons() == (ended,)
    await clock.advance(3)
    assert service.reasons() == ()
    assert began_s == [0, 0.125, 0.375]
    assert service.alive()
    assert not running.done()
    service.stop()
    await running
    assert [each.code for each in service.reasons()] == ["stopping"]
    await service.end(0)


async def test_each_check_is_asked_each_second_and_its_reason_keeps_the_moment_when_it_began() -> None:
    clock = MovedClock()
    service = a_service(clock)
    backlog = 0

    async def relay() -> Reason | None:
        return Reason("relay_stalled", f"{backlog} events wait.", {"events": backlog}) if backlog else None

    service.check("relay", relay)
    assert [each.code for each in service.reasons()] == ["starting"]
    running = asyncio.ensure_future(service.run())
    await clock.advance(1)
    assert service.reasons() == ()
    for backlog in (3, 5):
        await clock.advance(1)
        stalled = Reason("relay_stalled", f"{backlog} events wait.", {"events": backlog}, START + timedelta(seconds=2))
        assert service.reasons() == (stalled,)
    backlog = 0
    await clock.advance(1)
    assert service.reasons() == ()
    service.stop()
    await running
    await service.end(0)


async def test_a_check_that_hangs_or_raises_is_a_reason_itself_and_holds_up_no_other() -> None:
    clock = MovedClock()
    service = a_service(clock)
    hanging = 0

    async def hang() -> None:
        nonlocal hanging
        hanging += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if hanging == 1:
                await asyncio.Event().wait()
            raise

    async def fail() -> None:
        raise ConnectionError("password=secret")

    async def full() -> Reason:
        return Reason("disk_full", "No room.")

    for name, probe in (("store", hang), ("lease", fail), ("disk", full)):
        service.check(name, probe)
    running = asyncio.ensure_future(service.run())
    await clock.advance(9)
    assert {each.code: each.detail for each in service.reasons()} == {
        "store_silent": "The check of store got no answer within 2 s.",
        "lease_unknown": "The check of lease failed: ConnectionError.",
        "disk_full": "No room.",
    }
    assert hanging == 2
    service.stop()
    await clock.advance(3)
    await running
    await service.end(0)
