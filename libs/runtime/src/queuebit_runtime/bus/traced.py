"""A bus with traces: `send {topic}` and `process {topic}` spans for the records of kept traces.

A delivered record carries the context of its `process` span, so whatever a service sends on with the traceparent that it was
given hangs below that span, and a sent record carries the context of its `send` span. Records of other traces pass untouched.
A question that comes without any trace begins one where it is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.trace import Span, SpanKind, Tracer

from queuebit_contracts.channels import SUBMITTED
from queuebit_runtime.bus.port import Delivery, Handler, HostedBus, Outgoing, Record, Subscription
from queuebit_runtime.bus.wrapped import WrappedBus
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.spans import context_text, end_span, start_below, start_root
from queuebit_runtime.telemetry.trace_context import TRACEPARENT, sampled_parent, with_parent

ENTRANCES = frozenset({SUBMITTED})
"""Where work enters from outside, by whoever knows nothing of traces."""


class TracedBus(WrappedBus):
    """Wraps a bus."""

    def __init__(self, bus: HostedBus, tracer: Tracer) -> None:
        super().__init__(bus)
        self._tracer = tracer

    async def publish(self, records: Sequence[Outgoing]) -> None:
        spans: list[Span] = []
        sent: Sequence[Outgoing] = records
        for index, record in enumerate(records):
            parent = sampled_parent(record.headers)
            if parent is not None:
                if sent is records:
                    sent = list(records)
                span = start_below(self._tracer, f"send {record.topic}", parent, SpanKind.PRODUCER)
                span.set_attributes(_attributes(record, "send"))
                spans.append(span)
                sent[index] = record._replace(headers=with_parent(record.headers, context_text(span).encode()))  # type: ignore[index]
        try:
            await self._bus.publish(sent)
        except Exception as error:
            _end(spans, error)
            raise
        _end(spans, None)

    def _handler(self, subscription: Subscription) -> Handler:
        async def on_delivery(delivery: Delivery) -> None:
            traced = self._traced(delivery, subscription.group)
            try:
                await subscription.handler(traced or delivery)
            except Exception as error:
                if traced is not None:
                    _end(traced.open_spans(), error)
                raise

        return on_delivery

    def _traced(self, delivery: Delivery, group: str) -> TracedDelivery | None:
        """The delivery with a span for each record of a kept trace; None where there is none."""
        spans: dict[tuple[str, int, int], Span] = {}
        records: list[Record] | None = None
        for index, record in enumerate(delivery.records):
            span = self._consuming(record)
            if span is not None:
                records = records if records is not None else list(delivery.records)
                span.set_attributes(
                    _attributes(record, "process")
                    | {
                        semconv.GROUP: group,
                        semconv.PARTITION: str(record.partition),
                        semconv.KAFKA_OFFSET: record.offset,
                    }
                )
                spans[_place(record)] = span
                headers = tuple(with_parent(record.headers, context_text(span).encode()))
                records[index] = record._replace(headers=headers)
        return None if records is None else TracedDelivery(delivery, records, spans)

    def _consuming(self, record: Record) -> Span | None:
        """The span of a record whose trace is kept."""
        parent = sampled_parent(record.headers)
        if parent is not None:
            return start_below(self._tracer, f"process {record.topic}", parent, SpanKind.CONSUMER)
        if record.topic in ENTRANCES and not any(name == TRACEPARENT for name, _ in record.headers):
            span = start_root(self._tracer, f"process {record.topic}", SpanKind.CONSUMER)
            return span if span.is_recording() else None
        return None


class TracedDelivery:
    """A delivery whose spans end when their records are done."""

    def __init__(self, delivery: Delivery, records: Sequence[Record], spans: dict[tuple[str, int, int], Span]) -> None:
        self.records = records
        self._delivery = delivery
        self._spans = spans

    def done(self, record: Record) -> None:
        self._delivery.done(record)
        if (span := self._spans.pop(_place(record), None)) is not None:
            span.end()

    def done_all(self) -> None:
        self._delivery.done_all()
        _end(self.open_spans(), None)

    def wanted(self, record: Record) -> bool:
        return self._delivery.wanted(record)

    def open_spans(self) -> list[Span]:
        """The spans of what is not done yet; they are the caller's to end."""
        spans = list(self._spans.values())
        self._spans.clear()
        return spans


def _place(record: Record) -> tuple[str, int, int]:
    return (record.topic, record.partition, record.offset)


def _attributes(record: Outgoing | Record, operation: str) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        semconv.SYSTEM: semconv.KAFKA,
        semconv.OPERATION_NAME: operation,
        semconv.OPERATION_TYPE: operation,
        semconv.DESTINATION: record.topic,
        semconv.BODY_SIZE: len(record.value or b""),
    }
    names = {
        "ce_id": semconv.MESSAGE_ID,
        "ce_subject": semconv.JOB_ID,
        "ce_tenant": semconv.TENANT,
        "ce_type": semconv.EVENT_TYPE,
    }
    found.update((names[name], value.decode("utf-8", "replace")) for name, value in record.headers if name in names)
    return found


def _end(spans: Sequence[Span], error: Exception | None) -> None:
    for span in spans:
        end_span(span, None if error is None else type(error).__name__)
