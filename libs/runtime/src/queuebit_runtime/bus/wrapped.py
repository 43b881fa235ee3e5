"""A bus around another: what a wrapper does not change goes through to the bus inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from queuebit_runtime.bus.port import BusError, Handler, HostedBus, Outgoing, Subscription
from queuebit_runtime.service.readiness import Reason


class WrappedBus(ABC):
    """A wrapper says how it publishes, and which handler stands in the place of a subscription's own."""

    def __init__(self, bus: HostedBus) -> None:
        self._bus = bus

    @abstractmethod
    async def publish(self, records: Sequence[Outgoing]) -> None: ...

    @abstractmethod
    def _handler(self, subscription: Subscription) -> Handler: ...

    def subscribe(self, subscription: Subscription) -> None:
        self._bus.subscribe(replace(subscription, handler=self._handler(subscription)))

    async def start(self) -> None:
        await self._bus.start()

    async def stop(self, drain_s: float = 10.0) -> None:
        await self._bus.stop(drain_s)

    def hold(self, group: str, reason: Reason | None) -> None:
        self._bus.hold(group, reason)

    def healthy(self) -> bool:
        return self._bus.healthy()

    def stuck(self) -> BusError | None:
        return self._bus.stuck()

    async def probe(self) -> Reason | None:
        return await self._bus.probe()

    def lags(self) -> Mapping[tuple[str, str], int]:
        return self._bus.lags()

    def gone(self) -> Mapping[tuple[str, str], int]:
        return self._bus.gone()
