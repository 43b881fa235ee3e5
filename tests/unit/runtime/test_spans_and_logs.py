"""Traces across the bus, and how little happens for what is not traced."""

from __future__ import annotations

import logging
import subprocess
import sys

import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from queuebit_contracts.attributes import read_traceparent
from queuebit_contracts.channels import COMPLETED, SUBMITTED, dead_letter
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Outgoing, Record, Subscription
from queuebit_runtime.bus.traced import TracedBus
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.logs import JsonFormatter
from queuebit_runtime.telemetry.make import make_telemetry
from queuebit_runtime.telemetry.metrics import METRICS
from queuebit_runtime.telemetry.otel import OtelTelemetry
from queuebit_runtime.telemetry.port import NoTelemetry
from queuebit_runtime.telemetry.trace_context import sampled_parent
from tests.fakes.metric_exporter import KeptMetrics
from tests.fakes.moved_clock import MovedClock

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
KEPT = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()
NOT_KEPT = f"00-{TRACE_ID}-b7ad6b7169203331-00".encode()


class Traced:
    """A service that answers each question, on a traced bus."""

    def __init__(self, *, failures: int = 0, ratio: float = 0.0) -> None:
        self.clock = MovedClock()
        self.broker = MemoryBroker(self.clock)
        self.spans = InMemorySpanExporter()
        self.metrics = KeptMetrics()
        self.telemetry = OtelTelemetry(
            "test",
            RuntimeSettings(telemetry="console", trace_ratio=ratio),
            clock=self.clock,
            span_exporter=self.spans,
            metric_exporter=self.metrics,
        )
        self.bus = self.telemetry.bus(MemoryBus(self.broker))
        self.seen: list[Record] = []
        self._failures = failures
        self.bus.subscribe(Subscription((SUBMITTED,), "g", self._answer))

    async def _answer(self, delivery: Delivery) -> None:
        self.seen.extend(delivery.records)
        if self._failures:
            self._failures -= 1
            raise ValueError("not now")
        for record in delivery.records:
            parent = [(name, value) for name, value in record.headers if name == "traceparent"]
            await self.bus.publish([Outgoing(COMPLETED, record.key or b"", b"{}", parent)])
            delivery.done(record)

    async def ask(self, *headers: tuple[str, bytes]) -> list[ReadableSpan]:
        await self.bus.publish([Outgoing(SUBMITTED, b"job", b"{}", list(headers))])
        await self.clock.advance(10)
        await self.bus.stop(0)
        await self.telemetry.close()
        return list(self.spans.get_finished_spans())


async def test_it_follows_a_kept_trace_from_send_to_process_to_the_next_send() -> None:
    world = Traced()
    await world.bus.start()
    spans = await world.ask(("ce_subject", b"job-1"), ("ce_tenant", b"acme"), ("traceparent", KEPT))
    chain = sorted(spans, key=lambda span: span.start_time or 0)
    assert [(span.name, span.kind) for span in chain] == [
        ("send jobs.submitted", SpanKind.PRODUCER),
        ("process jobs.submitted", SpanKind.CONSUMER),
        ("send jobs.completed", SpanKind.PRODUCER),
    ]
    assert {f"{span.context.trace_id:032x}" for span in chain} == {TRACE_ID}
    parents = [span.parent.span_id if span.parent else None for span in chain]
    assert parents == [0xB7AD6B7169203331, chain[0].context.span_id, chain[1].context.span_id]
    sent = dict(world.broker.records(COMPLETED)[0].headers)["traceparent"].decode()
    assert sent == f"00-{TRACE_ID}-{chain[2].context.span_id:016x}-01"
    attributes = dict(chain[1].attributes or {})
    assert (attributes["queuebit.job.id"], attributes["queuebit.tenant"]) == ("job-1", "acme")
    assert (attributes["messaging.destination.name"], attributes["messaging.consumer.group.name"]) == (SUBMITTED, "g")


@pytest.mark.parametrize("headers", [(), (("traceparent", NOT_KEPT),)])
async def test_it_leaves_alone_what_is_not_traced(headers: tuple[tuple[str, bytes], ...]) -> None:
    """Given a record of no kept trace, then no span is made and the very delivery and record pass through."""
    world = Traced(ratio=0.0 if not headers else 1.0)
    await world.bus.start()
    assert await world.ask(*headers) == []
    assert world.seen == world.broker.records(SUBMITTED)
    assert world.seen[0] is world.broker.records(SUBMITTED)[0]


async def test_a_question_without_a_trace_begins_one_where_it_is_read() -> None:
    world = Traced(ratio=1.0)
    await world.bus.start()
    spans = await world.ask(("ce_subject", b"job-1"))
    chain = sorted(spans, key=lambda span: span.start_time or 0)
    assert [(span.name, span.parent and span.parent.span_id) for span in chain] == [
        ("process jobs.submitted", None),
        ("send jobs.completed", chain[0].context.span_id),
    ]
    assert len({span.context.trace_id for span in chain}) == 1


async def test_a_record_that_is_no_question_begins_no_trace() -> None:
    world = Traced(ratio=1.0)
    world.bus.subscribe(Subscription((COMPLETED,), "h", world._answer))
    await world.bus.start()
    await world.bus.publish([Outgoing(COMPLETED, b"job", b"{}", [])])
    await world.clock.advance(1)
    await world.bus.stop(0)
    await world.telemetry.close()
    assert world.spans.get_finished_spans() == ()


@pytest.mark.parametrize(
    ("parent", "kept"), [(None, True), (KEPT.decode(), True), (NOT_KEPT.decode(), False), ("?", False)]
)
async def test_a_span_hangs_below_a_kept_trace_or_begins_one(parent: str | None, kept: bool) -> None:
    world = Traced(ratio=1.0)
    span = world.telemetry.span("work", parent, "server")
    assert (span is not None) == kept
    if span is not None:
        said = span.traceparent
        span.set("queuebit.leg", "primary")
        span.end("worker_lost")
        await world.telemetry.close()
        (found,) = world.spans.get_finished_spans()
        assert (found.name, found.kind, found.status.status_code) == ("work", SpanKind.SERVER, StatusCode.ERROR)
        assert dict(found.attributes or {}) == {"queuebit.leg": "primary", "error.type": "worker_lost"}
        assert (found.parent is None) == (parent is None)
        assert said[3:52] == f"{found.context.trace_id:032x}-{found.context.span_id:016x}"


async def test_a_new_trace_that_is_not_kept_carries_the_decision_on() -> None:
    world = Traced(ratio=0.0)
    span = world.telemetry.span("work", None)
    assert span is not None
    assert sampled_parent([("traceparent", span.traceparent.encode())]) is None
    assert read_traceparent(span.traceparent) == span.traceparent
    span.end()
    await world.telemetry.close()
    assert world.spans.get_finished_spans() == ()


async def test_it_marks_the_span_of_a_failed_try_and_begins_another() -> None:
    world = Traced(failures=1)
    await world.bus.start()
    spans = await world.ask(("traceparent", KEPT))
    tries = [span for span in spans if span.name == "process jobs.submitted"]
    assert [span.status.status_code for span in tries] == [StatusCode.ERROR, StatusCode.UNSET]


async def test_it_measures_only_what_the_list_of_metrics_names() -> None:
    world = Traced(failures=1)
    await world.bus.start()
    await world.bus.publish([Outgoing(dead_letter("control-plane"), b"k", b"?", [])])
    await world.ask()
    assert {
        "messaging.client.sent.messages",
        "messaging.client.consumed.messages",
        "messaging.process.duration",
        "queuebit.consumer.failures",
        "queuebit.dead_letters",
    } <= world.metrics.names
    assert world.metrics.names <= {info.name for info in METRICS}
    assert len({info.name for info in METRICS}) == len(METRICS)


def test_off_it_is_the_same_bus_and_the_sdk_is_not_loaded() -> None:
    bus = MemoryBus(MemoryBroker(MovedClock()))
    assert isinstance(make_telemetry("test", RuntimeSettings(telemetry="off"), MovedClock()), NoTelemetry)
    assert NoTelemetry().bus(bus) is bus
    assert not isinstance(NoTelemetry().bus(bus), TracedBus)
    script = (
        "import sys, queuebit_runtime.service.service; print(sorted(m for m in sys.modules if 'opentelemetry' in m))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_log_line_is_one_json_object_with_what_was_given_beside_the_message() -> None:
    record = logging.makeLogRecord(
        {"name": "queuebit.x", "levelname": "INFO", "msg": "took %d", "args": (3,), "job_id": "j", "tenant": "acme"}
    )
    document = orjson.loads(JsonFormatter("gateway", "test").format(record))
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "INFO",
        "logger": "queuebit.x",
        "message": "took 3",
        "service": "gateway",
        "environment": "test",
        "job_id": "j",
        "tenant": "acme",
    }


def test_a_log_line_of_an_error_leaves_out_the_input_that_was_wrong() -> None:
    wrong = "can" + "ary"
    try:
        RuntimeSettings.model_validate({"trace_ratio": wrong})
    except ValueError:
        record = logging.makeLogRecord({"msg": "bad", "exc_info": sys.exc_info()})
    text = JsonFormatter("gateway", "test").format(record)
    assert wrong not in text
    assert "trace_ratio" in orjson.loads(text)["error"]
