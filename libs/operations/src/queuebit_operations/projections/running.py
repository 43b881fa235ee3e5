"""Keeps what is live up to date, in the process of an operator."""

from __future__ import annotations

import asyncio
from collections import Counter

from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.connections.locks import until_unlocked
from queuebit_operations.projections.building import PAGE_EVENTS, BuildStore
from queuebit_runtime.clock import Clock
from queuebit_store.projections.runner import ProjectionRunner

INTERVAL_S = 1.0


async def keep_running(store: BuildStore, clock: Clock, *, holder: str, once: bool) -> Counter[str]:
    """Take events until it is cancelled, or with `once` until none is left; how many each projection took."""
    runner = ProjectionRunner(store, PROJECTIONS, holder=holder, now=clock.now, monotonic_s=clock.monotonic_s)
    taken = Counter[str]()
    try:
        await until_unlocked(clock, runner.prepare)
        while True:
            stepped = await runner.step(limit=PAGE_EVENTS)
            taken.update(stepped.events)
            if stepped.more:
                continue
            if once:
                return taken
            await clock.sleep(INTERVAL_S)
    finally:
        await asyncio.shield(runner.release())
