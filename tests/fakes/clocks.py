"""Clocks for tests: each says who makes it move."""

from __future__ import annotations

from datetime import datetime

from tests.builders import NOW


class StoppedClock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("nothing here may wait")
