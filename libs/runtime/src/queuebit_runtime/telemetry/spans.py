"""Spans of OpenTelemetry below contexts that came as text, and their contexts as text."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from queuebit_runtime.telemetry import semconv


def start_below(tracer: Tracer, name: str, parent: bytes, kind: SpanKind) -> Span:
    """A span below a valid traceparent that says that its trace is kept."""
    trace_id, span_id = int(parent[3:35], 16), int(parent[36:52], 16)
    remote = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return tracer.start_span(name, context=set_span_in_context(NonRecordingSpan(remote)), kind=kind)


def start_root(tracer: Tracer, name: str, kind: SpanKind) -> Span:
    """The first span of a new trace; it records nothing where the sampler does not keep the trace."""
    return tracer.start_span(name, context=Context(), kind=kind)


def context_text(span: Span) -> str:
    """The span's context as a traceparent."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def end_span(span: Span, error: str | None) -> None:
    """End it; `error` is the short name of what went wrong."""
    if error is not None:
        span.set_status(Status(StatusCode.ERROR, error))
        span.set_attribute(semconv.ERROR_TYPE, error)
    span.end()
