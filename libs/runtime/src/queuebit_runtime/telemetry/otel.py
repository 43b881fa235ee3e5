"""Telemetry by OpenTelemetry: to the console, or to a collector over OTLP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind

from queuebit_runtime.bus.measured import MeasuredBus
from queuebit_runtime.bus.port import HostedBus
from queuebit_runtime.bus.traced import TracedBus
from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.exporting import MetricSender
from queuebit_runtime.telemetry.meters import Meters, Values
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import OpenSpan, SpanSort
from queuebit_runtime.telemetry.spans import context_text, end_span, start_below, start_root
from queuebit_runtime.telemetry.trace_context import is_kept, says_kept

_KINDS: dict[SpanSort, SpanKind] = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER}


class OtelSpan:
    """A span of OpenTelemetry behind our port."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        return context_text(self._span)

    def set(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def end(self, error: str | None = None) -> None:
        end_span(self._span, error)


class OtelTelemetry:
    """Owns its providers; nothing global is set. `span_exporter` and `metric_exporter` are for tests."""

    on = True

    def __init__(
        self,
        service: str,
        settings: RuntimeSettings,
        *,
        clock: Clock | None = None,
        span_exporter: SpanExporter | None = None,
        metric_exporter: MetricExporter | None = None,
    ) -> None:
        resource = Resource.create(
            {
                semconv.SERVICE_NAME: f"queuebit-{service}",
                semconv.SERVICE_INSTANCE: settings.worker_name,
                semconv.ENVIRONMENT: settings.environment,
            }
        )
        self._clock = clock or SystemClock()
        self._tracers = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)), resource=resource, shutdown_on_exit=False
        )
        self._tracers.add_span_processor(BatchSpanProcessor(span_exporter or _span_exporter(settings)))
        self._tracer = self._tracers.get_tracer("queuebit")
        self._meters = Meters(self._clock)
        self._sender = MetricSender(
            self._meters,
            metric_exporter or _metric_exporter(settings),
            resource,
            interval_s=settings.metrics_interval_s,
            now_s=lambda: self._clock.now().timestamp(),
        )

    def bus(self, bus: HostedBus) -> HostedBus:
        return TracedBus(MeasuredBus(bus, self, self._clock), self._tracer)

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

    def span(self, name: str, parent: str | None, sort: SpanSort = "internal") -> OpenSpan | None:
        if parent is None:
            return OtelSpan(start_root(self._tracer, name, _KINDS[sort]))
        if not says_kept(parent):
            return None
        context = parent.encode("utf-8", "replace")
        return OtelSpan(start_below(self._tracer, name, context, _KINDS[sort])) if is_kept(context) else None

    async def close(self) -> None:
        await asyncio.to_thread(self._tracers.shutdown)
        await asyncio.to_thread(self._sender.close)


def _span_exporter(settings: RuntimeSettings) -> SpanExporter:
    if settings.telemetry == "console":
        return ConsoleSpanExporter(out=sys.stderr, formatter=lambda span: f"{span.to_json(indent=None)}\n")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _metric_exporter(settings: RuntimeSettings) -> MetricExporter:
    if settings.telemetry == "console":
        return ConsoleMetricExporter(out=sys.stderr, formatter=lambda data: f"{data.to_json(indent=None)}\n")
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter()
