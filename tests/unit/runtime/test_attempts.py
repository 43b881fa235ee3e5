"""What telemetry hears of attempts, and what the log says of those that fail inside."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest

from queuebit_contracts.envelope import Envelope
from queuebit_contracts.events import JobQueued
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT
from queuebit_runtime.worker.shell import WorkShell
from tests.fakes.telemetry import HeardSpan, Listener
from tests.unit.runtime.one_worker import OneWorker, an_order

KEPT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class HeardWorld(OneWorker):
    """A worker whose telemetry listens."""

    def __init__(self) -> None:
        self.ears = Listener()
        super().__init__(self.ears)


def traced(order: Envelope) -> Envelope:
    return Envelope(order.id, order.source, order.subject, order.time, order.data, order.tenant, order.version, KEPT)


def the_span(order: Envelope, outcome: str, error: str | None = None) -> HeardSpan:
    assert isinstance(order.data, JobQueued)
    said: dict[str, str | int] = {
        "queuebit.job.id": order.subject,
        "queuebit.tenant": "acme",
        "queuebit.leg": "classical",
        "queuebit.lane": "classical",
        "queuebit.attempt": 1,
        "queuebit.outcome": outcome,
    }
    return HeardSpan("execute", KEPT, "internal", said, error, ended=True)


async def test_an_attempt_of_a_kept_trace_has_a_span_and_each_is_counted() -> None:
    """Given a small, a broken and a large order of a kept trace and one of none, then three spans and four counts."""
    world = HeardWorld()
    small, broken, large = (
        traced(an_order(1)), traced(an_order(2, size="broken")), traced(an_order(3, size="large")),
    )  # fmt: skip
    await world.bus.start()

    await world.give(small, broken, large, an_order(4))
    await world.executor.finish(3)
    await world.shell.stop(0)
    await world.bus.stop(0)

    spans = {str(span.said["queuebit.job.id"]): span for span in world.ears.spans}
    assert list(spans.values()) == world.ears.spans
    assert spans == {
        small.subject: the_span(small, "succeeded"),
        broken.subject: the_span(broken, "internal", "internal"),
        large.subject: the_span(large, "succeeded"),
    }
    assert world.ears.counts == {(Metric.ATTEMPTS, ("succeeded",)): 3, (Metric.ATTEMPTS, ("internal",)): 1}


async def test_an_attempt_that_fails_inside_is_logged_with_job_and_tenant(caplog: pytest.LogCaptureFixture) -> None:
    world = OneWorker()
    await world.bus.start()

    with caplog.at_level(logging.ERROR):
        await world.give(an_order(2, size="broken"))
    await world.shell.stop(0)
    await world.bus.stop(0)

    (record,) = caplog.records
    assert (record.message, record.__dict__["job_id"], record.__dict__["tenant"]) == (
        "An attempt failed inside.",
        str(UUID(int=2)),
        "acme",
    )


async def test_with_telemetry_off_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(type(SILENT), "span", refuse)
    monkeypatch.setattr(type(SILENT), "count", refuse)
    world = OneWorker()
    await world.bus.start()

    await world.give(traced(an_order(1)))
    await world.shell.stop(0)
    await world.bus.stop(0)

    assert isinstance(world.shell, WorkShell)
    assert world.outcomes() == {1: "ok"}
