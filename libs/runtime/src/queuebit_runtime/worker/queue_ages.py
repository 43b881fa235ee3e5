"""What telemetry sees of the orders that a worker takes: how long the oldest of each tenant waits, which are taken again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from queuebit_contracts.events import JobQueued
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.meters import OTHER
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.worker.orders import Work

TENANTS_MAX = 50
"""So many tenants have their own series, those that wait longest; the others share one."""

Ages = dict[tuple[str, ...], float]


def queue_ages(waiting: Iterable[Work], now: datetime) -> Ages:
    """The age in seconds of the oldest order that waits, by tenant and lane."""
    ages: Ages = {}
    for work in waiting:
        key = (work.report.tenant or "", work.order.lane)
        ages[key] = max(ages.get(key, 0.0), (now - work.report.asked_at).total_seconds())
    kept: Ages = {}
    tenants: set[str] = set()
    for (tenant, lane), age_s in sorted(ages.items(), key=lambda item: -item[1]):
        if len(tenants) < TENANTS_MAX:
            tenants.add(tenant)
        shown = (tenant if tenant in tenants else OTHER, lane)
        kept[shown] = max(kept.get(shown, 0.0), age_s)
    return kept


def count_taken(telemetry: Telemetry, order: JobQueued) -> None:
    """Count an order that is no first try of a first choice."""
    if order.number > 1:
        telemetry.count(Metric.ATTEMPTS_AGAIN, labels={semconv.LANE: order.lane})
    if order.role == "fallback":
        telemetry.count(Metric.ATTEMPTS_FALLBACK, labels={semconv.LANE: order.lane})
