"""What Prometheus reads of a process: every metric by its name, gauges as they are now, never more series than are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from queuebit_contracts.channels import SUBMITTED, dead_letter
from queuebit_contracts.jobs import Lane
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Outgoing, Subscription
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.service.service import Service
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry import meters
from queuebit_runtime.telemetry.local import LocalTelemetry
from queuebit_runtime.telemetry.meters import Meters, prometheus_name
from queuebit_runtime.telemetry.metrics import METRICS, Metric
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.queue_ages import TENANTS_MAX, queue_ages
from tests.fakes.moved_clock import START, MovedClock, settle

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(text: bytes) -> Samples:
    """Every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_metric_is_there_before_anything_happened_under_the_name_that_opentelemetry_gives_it() -> None:
    families = {family.name: family for family in text_string_to_metric_families(Meters().text().decode())}
    assert {prometheus_name(info) for info in METRICS} <= set(families)
    assert {"queuebit_queue_age_seconds", "queuebit_relay_backlog", "queuebit_store_horizon_age_seconds"} <= set(
        families
    )
    assert all(families[prometheus_name(info)].documentation == info.meaning for info in METRICS)


def test_a_gauge_shows_what_is_now_and_nothing_of_before() -> None:
    made = Meters()
    made.show(Metric.LAG, {("solvers", "jobs"): 7, ("solvers", "orders"): 1})
    made.show(Metric.LAG, {("solvers", "jobs"): 3})
    made.show(Metric.RELAY_BACKLOG, {(): 9})
    made.observe(Metric.RELAY_BACKLOG, 12)
    found = samples_of(made.text())
    lags = {labels: value for (name, labels), value in found.items() if name == "queuebit_consumer_lag"}
    solvers = (("messaging_consumer_group_name", "solvers"), ("messaging_destination_name", "jobs"))
    assert lags == {solvers: 3}
    assert found["queuebit_relay_backlog", ()] == 12


def test_labels_from_outside_are_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(meters, "SERIES_MAX", 2)
    made = Meters()
    for code in ("a", "b", "c", "d", "a"):
        made.count(Metric.REJECTIONS, labels={"queuebit.code": code})
    counted = {
        dict(labels)["queuebit_code"]: value
        for (name, labels), value in samples_of(made.text()).items()
        if name == "queuebit_rejections_total"
    }
    assert counted == {"a": 2, "b": 1, "other": 2}


async def test_a_process_tells_what_it_reads_and_sends_how_far_behind_it_is_and_why_it_is_not_ready() -> None:
    clock = MovedClock()
    telemetry = LocalTelemetry(clock)
    bus = telemetry.bus(MemoryBus(MemoryBroker(clock)))
    service = Service("test", RuntimeSettings(), bus, clock, SeededIds(clock, 1), telemetry)
    held: list[Delivery] = []

    async def hold(delivery: Delivery) -> None:
        held.append(delivery)

    async def full() -> Reason:
        return Reason("disk_full", "No room.")

    bus.subscribe(Subscription((SUBMITTED,), "readers", hold))
    service.check("disk", full)
    service.gauge(lambda: telemetry.show(Metric.HORIZON_AGE, {(): 4.0}))
    running = asyncio.ensure_future(service.run())
    await settle()
    await bus.publish([Outgoing(SUBMITTED, b"k", b"v", []) for _ in range(3)])
    await bus.publish([Outgoing(dead_letter("control-plane"), b"k", b"v", [])])
    await clock.advance(2)
    held[0].done(held[0].records[0])
    await clock.advance(2)
    found = samples_of(telemetry.text())
    topic = ("messaging_destination_name", SUBMITTED)
    group = ("messaging_consumer_group_name", "readers")
    assert found["queuebit_consumer_lag", (group, topic)] == 2
    assert found["messaging_client_consumed_messages_total", (group, topic)] == 3
    assert found["queuebit_dead_letters_total", (("messaging_destination_name", dead_letter("control-plane")),)] == 1
    assert found["queuebit_not_ready", (("queuebit_code", "disk_full"),)] == 1
    assert found["queuebit_store_horizon_age_seconds", ()] == 4
    held[0].done_all()
    service.stop()
    await running
    await service.end(0)


class Waits:
    """As much of an order as its age needs."""

    def __init__(self, tenant: str, age_s: float, lane: Lane = "classical") -> None:
        self.report = self
        self.order = self
        self.tenant = tenant
        self.lane = lane
        self.asked_at = START - timedelta(seconds=age_s)


def ages(*waiting: Waits) -> Mapping[tuple[str, ...], float]:
    works: tuple[Work, ...] = waiting  # type: ignore[assignment]
    return queue_ages(works, START)


def test_the_age_of_a_queue_is_that_of_its_oldest_order_by_tenant_and_lane_for_few_tenants() -> None:
    assert ages() == {}
    assert ages(Waits("a", 3), Waits("a", 9), Waits("b", 4), Waits("a", 1, "quantum")) == {
        ("a", "classical"): 9,
        ("b", "classical"): 4,
        ("a", "quantum"): 1,
    }
    many = ages(*(Waits(f"t{number}", 100 + number) for number in range(TENANTS_MAX)), Waits("x", 7), Waits("y", 8))
    assert len(many) == TENANTS_MAX + 1
    assert many["other", "classical"] == 8
