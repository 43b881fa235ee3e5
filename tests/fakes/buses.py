"""Buses for tests: they keep what is published, and fail on request."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_runtime.bus.port import Bus, BusError, Outgoing, Subscription
from queuebit_runtime.service.readiness import Reason


class CollectingBus(Bus):
    """Keeps what is published; fails on request."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.failures = 0

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.failures:
            self.failures -= 1
            raise BusError("no")
        self.records.extend(records)

    def subscribe(self, subscription: Subscription) -> None: ...

    async def start(self) -> None: ...

    async def stop(self, drain_s: float = 10.0) -> None: ...

    def hold(self, group: str, reason: Reason | None) -> None: ...

    def healthy(self) -> bool:
        return True


class ListeningBus:
    """Keeps what is published, call by call; fails when told to."""

    def __init__(self) -> None:
        self.calls: list[list[Outgoing]] = []
        self.failing = False

    @property
    def records(self) -> list[Outgoing]:
        return [record for call in self.calls for record in call]

    def hold(self, group: str, reason: Reason | None) -> None: ...

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.failing:
            raise BusError
        self.calls.append(list(records))
