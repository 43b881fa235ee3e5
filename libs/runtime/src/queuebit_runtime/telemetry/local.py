"""Telemetry without a collector: the process answers for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from queuebit_runtime.bus.measured import MeasuredBus
from queuebit_runtime.bus.port import HostedBus
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.meters import Meters, Values
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import OpenSpan, SpanSort


class LocalTelemetry:
    """Metrics for whoever asks the process, and nothing else."""

    on = True

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._meters = Meters(clock)

    def bus(self, bus: HostedBus) -> HostedBus:
        return MeasuredBus(bus, self._meters, self._clock)

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:
        self._meters.count(metric, amount, labels)

    def observe(
        self, metric: Metric, value: float, labels: Mapping[str, str] | None = None, traceparent: str | None = None
    ) -> None:
        self._meters.observe(metric, value, labels, traceparent)

    def observe_all(self, metric: Metric, values: Sequence[float], labels: Mapping[str, str] | None = None) -> None:
        self._meters.observe_all(metric, values, labels)

    def show(self, metric: Metric, values: Values) -> None:
        self._meters.show(metric, values)

    def text(self, *, examples: bool = False) -> bytes:
        return self._meters.text(examples=examples)

    def span(self, name: str, parent: str | None, sort: SpanSort = "internal") -> OpenSpan | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        return
