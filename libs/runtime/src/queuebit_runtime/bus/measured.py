"""A bus with metrics: what is sent, read, put aside and failed, and how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from queuebit_runtime.bus.port import BusError, Delivery, Handler, HostedBus, Outgoing, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric

DEAD_LETTER_SUFFIX = ".dead-letter"
_SEND = {semconv.OPERATION_NAME: "send"}


class Meter(Protocol):
    def count(self, metric: Metric, amount: int = 1, labels: Mapping[str, str] | None = None) -> None: ...

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str] | None = None) -> None: ...


class MeasuredBus:
    """Wraps a bus."""

    def __init__(self, bus: HostedBus, meter: Meter, clock: Clock) -> None:
        self._bus = bus
        self._meter = meter
        self._clock = clock

    async def publish(self, records: Sequence[Outgoing]) -> None:
        began_s = self._clock.monotonic_s()
        await self._bus.publish(records)
        self._meter.observe(Metric.SEND_DURATION, self._clock.monotonic_s() - began_s, _SEND)
        for topic, count in Counter([record.topic for record in records]).items():
            labels = {semconv.DESTINATION: topic}
            self._meter.count(Metric.SENT, count, labels)
            if topic.endswith(DEAD_LETTER_SUFFIX):
                self._meter.count(Metric.DEAD_LETTERS, count, labels)

    def subscribe(self, subscription: Subscription) -> None:
        self._bus.subscribe(replace(subscription, handler=self._handler(subscription)))

    async def start(self) -> None:
        await self._bus.start()

    async def stop(self, drain_s: float = 10.0) -> None:
        await self._bus.stop(drain_s)

    def healthy(self) -> bool:
        return self._bus.healthy()

    def stuck(self) -> BusError | None:
        return self._bus.stuck()

    async def probe(self) -> Reason | None:
        return await self._bus.probe()

    def lags(self) -> Mapping[tuple[str, str], int]:
        return self._bus.lags()

    def _handler(self, subscription: Subscription) -> Handler:
        group = {semconv.GROUP: subscription.group}

        async def on_delivery(delivery: Delivery) -> None:
            began_s = self._clock.monotonic_s()
            try:
                await subscription.handler(delivery)
            except Exception:
                self._meter.count(Metric.HANDLER_FAILURES, 1, group)
                raise
            self._meter.observe(Metric.PROCESS_DURATION, self._clock.monotonic_s() - began_s, group)
            for topic, count in Counter([record.topic for record in delivery.records]).items():
                self._meter.count(Metric.CONSUMED, count, {semconv.DESTINATION: topic, **group})

        return on_delivery
