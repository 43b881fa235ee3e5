"""Telemetry that keeps what it is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import NoTelemetry, OpenSpan, SpanSort
from queuebit_runtime.telemetry.trace_context import is_kept

HERE = "00-0af7651916cd43dd8448eb211c80319c-00000000000000aa-01"


@dataclass
class HeardSpan:
    """A span, and how it ended."""

    name: str
    parent: str | None
    sort: SpanSort
    said: dict[str, str | int] = field(default_factory=dict)
    error: str | None = None
    ended: bool = False
    traceparent: str = HERE

    def set(self, name: str, value: str | int) -> None:
        self.said[name] = value

    def end(self, error: str | None = None) -> None:
        self.error, self.ended = error, True


class Listener(NoTelemetry):
    """On, and all ears."""

    on = True

    def __init__(self) -> None:
        self.spans: list[HeardSpan] = []
        self.counts: defaultdict[tuple[Metric, tuple[str, ...]], float] = defaultdict(float)
        self.observed: list[tuple[Metric, float, tuple[str, ...]]] = []

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:
        assert set(labels or ()) == set(metric.value.labels)
        self.counts[metric, tuple((labels or {}).values())] += amount

    def observe(
        self, metric: Metric, value: float, labels: Mapping[str, str] | None = None, traceparent: str | None = None
    ) -> None:
        assert set(labels or ()) == set(metric.value.labels)
        self.observed.append((metric, value, tuple((labels or {}).values())))

    def observe_all(self, metric: Metric, values: Sequence[float], labels: Mapping[str, str] | None = None) -> None:
        for value in values:
            self.observe(metric, value, labels)

    def span(self, name: str, parent: str | None, sort: SpanSort = "internal") -> OpenSpan | None:
        if parent is not None and not is_kept(parent.encode()):
            return None
        self.spans.append(HeardSpan(name, parent, sort))
        return self.spans[-1]
