"""One set of meters, told two ways: what OpenTelemetry is sent is what Prometheus reads, and examples name their traces."""

from __future__ import annotations

import threading

from opentelemetry.sdk.metrics.export import Histogram, MetricExporter, MetricExportResult, MetricsData, Sum
from opentelemetry.sdk.resources import Resource

from queuebit_runtime.service.health import metrics_page
from queuebit_runtime.telemetry.exporting import MetricSender, metrics_data
from queuebit_runtime.telemetry.meters import MEDIA_TYPE, OPEN_MEDIA_TYPE, Meters
from queuebit_runtime.telemetry.metrics import METRICS, Metric

TRACE = "0af7651916cd43dd8448eb211c80319c"
KEPT, NOT_KEPT = f"00-{TRACE}-b7ad6b7169203331-01", f"00-{TRACE[::-1]}-b7ad6b7169203331-00"
RESOURCE = Resource({"service.name": "test"})


def sent(meters: Meters) -> dict[str, object]:
    (resource,) = metrics_data(meters, RESOURCE, 1, 2).resource_metrics
    (scope,) = resource.scope_metrics
    assert (resource.resource, scope.scope.name) == (RESOURCE, "queuebit")
    return {each.name: each.data for each in scope.metrics}


def test_counters_go_as_sums_by_the_names_and_labels_of_opentelemetry() -> None:
    meters = Meters()
    meters.count(Metric.SPEND, 0.25, {"queuebit.backend": "ibm_a", "queuebit.currency": "USD"})
    meters.count(Metric.SPEND, 1.5, {"queuebit.backend": "ibm_a", "queuebit.currency": "USD"})

    data = sent(meters)["queuebit.spend"]

    assert isinstance(data, Sum)
    assert data.is_monotonic
    (point,) = data.data_points
    assert (dict(point.attributes or {}), point.value) == (
        {"queuebit.backend": "ibm_a", "queuebit.currency": "USD"},
        1.75,
    )
    assert (point.start_time_unix_nano, point.time_unix_nano) == (1, 2)


def test_histograms_count_between_their_bounds() -> None:
    meters = Meters()
    for value in (0.001, 0.02, 0.02, 99.0):
        meters.observe(Metric.RELAY_DELAY, value)

    data = sent(meters)["queuebit.relay.delay"]

    assert isinstance(data, Histogram)
    (point,) = data.data_points
    assert (point.count, round(point.sum, 6)) == (4, 99.041)
    assert list(point.bucket_counts) == [1, 0, 2, *[0] * 11, 1]
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1


def test_what_nothing_was_said_of_is_not_sent() -> None:
    names = set(sent(Meters()))

    assert names <= {each.name for each in METRICS}
    assert "queuebit.job.duration" not in names
    assert "queuebit.spend" not in names


def test_an_example_names_the_trace_where_it_is_kept_and_only_who_reads_openmetrics_gets_it() -> None:
    meters = Meters()
    for trace in (KEPT, NOT_KEPT, None):
        meters.observe(Metric.JOB_DURATION, 0.3, {"queuebit.job.state": "completed"}, trace)

    plain = metrics_page(lambda examples: meters.text(examples=examples), "text/plain")
    open_ = metrics_page(lambda examples: meters.text(examples=examples), "application/openmetrics-text;version=1.0.0")

    assert (plain.media_type, open_.media_type) == (MEDIA_TYPE, OPEN_MEDIA_TYPE)
    assert TRACE.encode() not in plain.body
    assert open_.body.count(f'# {{trace_id="{TRACE}"}} 0.3'.encode()) == 1
    assert TRACE[::-1].encode() not in open_.body
    assert open_.body.endswith(b"# EOF\n")


class Kept(MetricExporter):
    """Keeps how often something was sent, and fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[MetricsData] = []
        self.twice = threading.Event()
        self.closed = False

    def export(self, metrics_data: MetricsData, timeout_millis: float = 0, **_: object) -> MetricExportResult:
        self.sent.append(metrics_data)
        if len(self.sent) == 1:
            raise OSError("no collector")
        self.twice.set()
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_: object) -> None:
        self.closed = True


def test_a_collector_that_is_away_loses_nothing_that_is_counted() -> None:
    """Given an exporter that fails once, then the next sending has all of it, and the end sends what is left."""
    exporter, meters = Kept(), Meters()
    meters.count(Metric.APPENDED, 3)
    sender = MetricSender(meters, exporter, RESOURCE, interval_s=0.01, now_s=lambda: 5.0)

    assert exporter.twice.wait(30)
    meters.count(Metric.APPENDED, 4)
    sender.close()
    sender.close()

    assert exporter.closed
    last = exporter.sent[-1].resource_metrics[0].scope_metrics[0].metrics
    (appended,) = [each.data for each in last if each.name == "queuebit.store.events"]
    assert isinstance(appended, Sum)
    assert [point.value for point in appended.data_points] == [7]
