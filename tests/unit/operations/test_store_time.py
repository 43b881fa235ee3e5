"""What operators do bears the store's time, however wrong the clock of their machine is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

from queuebit_operations.connections.clock import store_time
from tests.simulation.virtual import VirtualClock, run_virtual

STORE = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Slow:
    """Answers after two seconds with the moment in between, in the time zone of the server."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    async def now(self) -> datetime:
        await self._clock.sleep(1.0)
        at = STORE.astimezone(timezone(timedelta(hours=5)))
        await self._clock.sleep(1.0)
        return at


def test_it_is_the_stores_moment_and_goes_on_by_the_monotonic_clock() -> None:
    async def main() -> None:
        clock = VirtualClock()
        time = await store_time(cast(Any, Slow(clock)), clock)
        assert (time.now(), time.now().tzinfo) == (STORE + timedelta(seconds=1), UTC)
        await asyncio.gather(time.sleep(5.0))
        assert time.now() == STORE + timedelta(seconds=6)
        assert time.monotonic_s() == clock.monotonic_s()

    run_virtual(main())
