"""A collector of metrics that is not there."""

from __future__ import annotations

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData


class KeptMetrics(MetricExporter):
    """Keeps the names that were exported."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: object) -> MetricExportResult:
        for resource in metrics_data.resource_metrics:
            self.names |= {metric.name for scope in resource.scope_metrics for metric in scope.metrics}
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: object) -> None:
        return
