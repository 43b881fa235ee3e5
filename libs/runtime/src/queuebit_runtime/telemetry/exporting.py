"""The meters of a process as OpenTelemetry sends them: one set of meters, counted once, told two ways."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import Metric as Family
from prometheus_client.samples import Sample

from queuebit_runtime.telemetry.meters import Meters
from queuebit_runtime.telemetry.metrics import DURATION_BUCKETS_S, MetricInfo

CUMULATIVE = AggregationTemporality.CUMULATIVE
SCOPE = InstrumentationScope("queuebit")
END_TIMEOUT_S = 5.0
NS = 1_000_000_000

_log = logging.getLogger(__name__)


class MetricSender:
    """Sends what the meters say at an interval, in a thread of its own, and once more at the end."""

    def __init__(
        self,
        meters: Meters,
        exporter: MetricExporter,
        resource: Resource,
        *,
        interval_s: float,
        now_s: Callable[[], float],
    ) -> None:
        self._meters = meters
        self._exporter = exporter
        self._resource = resource
        self._interval_s = interval_s
        self._now_s = now_s
        self._began_ns = int(now_s() * NS)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send what is left, and end. Repeatable."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join(END_TIMEOUT_S)
        self._send()
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._ended.wait(self._interval_s):
            self._send()

    def _send(self) -> None:
        try:
            self._exporter.export(metrics_data(self._meters, self._resource, self._began_ns, int(self._now_s() * NS)))
        except Exception:
            _log.exception("Metrics were not sent; what is counted goes with the next.")


def metrics_data(meters: Meters, resource: Resource, began_ns: int, now_ns: int) -> MetricsData:
    """Everything that the meters have counted, as of now; what has no series yet is left out."""
    metrics = [
        found for info, family in meters.collect() if (found := _metric(info, family, began_ns, now_ns)) is not None
    ]
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(SCOPE, metrics, "")], "")])


def _metric(info: MetricInfo, family: Family, began_ns: int, now_ns: int) -> Metric | None:
    data: Sum | Gauge | Histogram
    match info.kind:
        case "counter":
            totals = [each for each in family.samples if each.name.endswith("_total")]
            data = Sum([_number(info, each, began_ns, now_ns) for each in totals], CUMULATIVE, is_monotonic=True)
        case "gauge":
            data = Gauge([_number(info, each, began_ns, now_ns) for each in family.samples])
        case "histogram":
            data = Histogram(list(_histograms(info, family.samples, began_ns, now_ns)), CUMULATIVE)
    return Metric(info.name, info.meaning, info.unit, data) if data.data_points else None


def _number(info: MetricInfo, sample: Sample, began_ns: int, now_ns: int) -> NumberDataPoint:
    return NumberDataPoint(_attributes(info, sample), began_ns, now_ns, sample.value)


def _histograms(
    info: MetricInfo, samples: Iterable[Sample], began_ns: int, now_ns: int
) -> Iterable[HistogramDataPoint]:
    """A point for each set of labels. Prometheus counts up to each bound, OpenTelemetry between two."""
    parts: dict[tuple[str, ...], list[Sample]] = {}
    for each in samples:
        parts.setdefault(tuple(_attributes(info, each).values()), []).append(each)
    for found in parts.values():
        up_to = [int(each.value) for each in found if each.name.endswith("_bucket")]
        total = next(each.value for each in found if each.name.endswith("_sum"))
        between = [count - before for count, before in zip(up_to, [0, *up_to], strict=False)]
        highest = DURATION_BUCKETS_S[-1]
        if up_to[-1] > 0:
            yield HistogramDataPoint(
                _attributes(info, found[0]),
                began_ns,
                now_ns,
                up_to[-1],
                total,
                between,
                DURATION_BUCKETS_S,
                0.0,
                highest,
            )


def _attributes(info: MetricInfo, sample: Sample) -> dict[str, str]:
    return {name: sample.labels[name.replace(".", "_")] for name in info.labels}
