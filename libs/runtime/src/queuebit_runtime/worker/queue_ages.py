"""How long the oldest order of each tenant waits, by lane."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from queuebit_runtime.telemetry.meters import OTHER
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
