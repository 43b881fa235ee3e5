"""A bus with metrics: what is sent, read, put aside and failed, and how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from queuebit_contracts.channels import is_dead_letter
from queuebit_runtime.bus.dead_letters.headers import MARK
from queuebit_runtime.bus.port import Delivery, Handler, HostedBus, Outgoing, Subscription
from queuebit_runtime.bus.wrapped import WrappedBus
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric

_SEND = {semconv.OPERATION_NAME: "send"}


class Meter(Protocol):
    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None: ...

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str] | None = None) -> None: ...


class MeasuredBus(WrappedBus):
    """Wraps a bus."""

    def __init__(self, bus: HostedBus, meter: Meter, clock: Clock) -> None:
        super().__init__(bus)
        self._meter = meter
        self._clock = clock

    async def publish(self, records: Sequence[Outgoing]) -> None:
        began_s = self._clock.monotonic_s()
        await self._bus.publish(records)
        self._meter.observe(Metric.SEND_DURATION, self._clock.monotonic_s() - began_s, _SEND)
        for topic, count in Counter([record.topic for record in records]).items():
            labels = {semconv.DESTINATION: topic}
            self._meter.count(Metric.SENT, count, labels)
            if is_dead_letter(topic) and (letters := sum(_is_letter(each) for each in records if each.topic == topic)):
                self._meter.count(Metric.DEAD_LETTERS, letters, labels)

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
            records = delivery.records
            if (oldest_ms := min([record.timestamp_ms for record in records], default=0)) > 0:
                delay_s = max(0.0, self._clock.now().timestamp() - oldest_ms / 1000)
                self._meter.observe(Metric.CONSUMER_DELAY, delay_s, group)
            for topic, count in Counter([record.topic for record in records]).items():
                self._meter.count(Metric.CONSUMED, count, {semconv.DESTINATION: topic, **group})

        return on_delivery


def _is_letter(record: Outgoing) -> bool:
    """Whether it was set aside: not a copy of what is open."""
    return all(name != MARK for name, _ in record.headers)
