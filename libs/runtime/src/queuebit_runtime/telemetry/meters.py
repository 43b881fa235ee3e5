"""The metrics of one process, as Prometheus reads them: there wherever a health port is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client import Metric as Family
from prometheus_client import disable_created_metrics as without_created
from prometheus_client.openmetrics import exposition as openmetrics

from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.telemetry.durations import Durations, Series
from queuebit_runtime.telemetry.metrics import METRICS, Metric, MetricInfo
from queuebit_runtime.telemetry.trace_context import says_kept

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPEN_MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
"""What Prometheus asks for where it wants examples too."""
SERIES_MAX = 500
"""Labels that come from outside cannot fill the memory: what is beyond goes into one series."""
OTHER = "other"

Values = Mapping[tuple[str, ...], float]
"""What a family of gauges shows, by its labels in their order."""

Instrument = Counter | Gauge | Series
"""What counts, of one set of labels."""


class Meters:
    """One registry, not the global one."""

    def __init__(self, clock: Clock | None = None) -> None:
        """`clock` says when an example was measured."""
        without_created()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._families = {info.name: _family(info, self._registry, clock or SystemClock()) for info in METRICS}
        self._series: dict[tuple[int, tuple[tuple[str, str], ...]], Instrument] = {}
        self._counts = dict.fromkeys(self._families, 0)

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:
        found = self._find(metric, labels)
        assert isinstance(found, Counter)
        found.inc(amount)

    def observe(
        self, metric: Metric, value: float, labels: Mapping[str, str] | None = None, traceparent: str | None = None
    ) -> None:
        """One more value; where the trace is kept, the value is an example of its bucket, and names the trace."""
        found = self._find(metric, labels)
        if isinstance(found, Gauge):
            found.set(value)
        else:
            assert isinstance(found, Series)
            kept = traceparent is not None and says_kept(traceparent)
            found.observe(value, {"trace_id": traceparent[3:35]} if traceparent is not None and kept else None)

    def observe_all(self, metric: Metric, values: Sequence[float], labels: Mapping[str, str] | None = None) -> None:
        """More values of a histogram."""
        found = self._find(metric, labels)
        assert isinstance(found, Series)
        found.observe_all(values)

    def show(self, metric: Metric, values: Values) -> None:
        """The gauge is this now; what it showed before and is not here is gone."""
        family = self._families[metric.value.name]
        assert isinstance(family, Gauge)
        if not metric.value.labels:
            family.set(values.get((), 0.0))
            return
        family.clear()
        for labels in sorted(values)[:SERIES_MAX]:
            family.labels(*labels).set(values[labels])

    def text(self, *, examples: bool = False) -> bytes:
        """The text format of Prometheus; with `examples` that of OpenMetrics, which has room for them."""
        if examples:
            return openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call, no-any-return]
        return generate_latest(self._registry)

    def collect(self) -> Iterable[tuple[MetricInfo, Family]]:
        """Each metric with its samples as they are now."""
        by_name = {prometheus_name(info): info for info in METRICS}
        for family in self._registry.collect():
            if (info := by_name.get(family.name)) is not None:
                yield info, family

    def _find(self, metric: Metric, labels: Mapping[str, str] | None) -> Instrument:
        """The series with these labels; those beyond SERIES_MAX share one. Called often: known labels are one look-up."""
        key = (id(metric), tuple(labels.items()) if labels else ())
        found = self._series.get(key)
        if found is not None:
            return found
        info = metric.value
        family = self._families[info.name]
        if not labels:
            series = self._series[key] = family.labels() if isinstance(family, Durations) else family
            return series
        self._counts[info.name] += 1
        if self._counts[info.name] > SERIES_MAX:
            return family.labels(*[OTHER] * len(info.labels))
        series = self._series[key] = family.labels(*label_values(info, labels))
        return series


def prometheus_name(info: MetricInfo) -> str:
    """As the OpenTelemetry specification maps it, without the `_total` that the text adds to a counter."""
    name = info.name.replace(".", "_")
    return f"{name}_seconds" if info.unit == "s" else name


def label_values(info: MetricInfo, labels: Mapping[str, str] | None) -> tuple[str, ...]:
    """The values of the metric's labels in their order."""
    return tuple([labels[name] for name in info.labels]) if labels else ()


def _family(info: MetricInfo, registry: CollectorRegistry, clock: Clock) -> Counter | Gauge | Durations:
    names = [label.replace(".", "_") for label in info.labels]
    name = prometheus_name(info)
    match info.kind:
        case "counter":
            return Counter(name, info.meaning, names, registry=registry)
        case "histogram":
            durations = Durations(name, info.meaning, names, clock)
            registry.register(durations)
            return durations
        case "gauge":
            return Gauge(name, info.meaning, names, registry=registry)


Show = Callable[[], None]
"""Shows gauges as they are now; called now and then, and cheap."""
