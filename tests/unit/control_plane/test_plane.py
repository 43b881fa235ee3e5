"""The control plane in one process: what fails beside the bus is run again, and the rest goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from queuebit_control_plane.app import ControlPlane
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_store.errors import StatementRefused
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from tests.simulation.virtual import VirtualClock, run_virtual

FAILURES = 3


@pytest.mark.parametrize("operation", ["due", "read", "take", "load_cursor"])
@pytest.mark.parametrize("error", [RuntimeError("nobody foresaw this"), StatementRefused("no right to it")])
def test_a_task_that_fails_is_run_again_and_told_meanwhile(operation: str, error: Exception) -> None:
    asked: Counter[str] = Counter()
    told: set[str] = set()

    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        plane = ControlPlane(store, MemoryBus(MemoryBroker(clock)), clock, holder="one")

        async def before(called: str) -> None:
            asked[called] += 1
            if called == operation and asked[called] <= FAILURES:
                raise error
            told.update(reason.code for reason in plane.readiness.reasons)

        store.hooks = Hooks(before=before)
        stop = asyncio.Event()
        running = asyncio.ensure_future(plane.run(stop))
        await clock.sleep(60.0)
        assert plane.readiness.reasons == ()
        stop.set()
        await running

    run_virtual(main())
    assert told == {"task_failed"}
    assert asked["due"] > 100
    assert asked["read"] > 100
