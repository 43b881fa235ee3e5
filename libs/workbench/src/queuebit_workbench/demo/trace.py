"""One job's trace, read back from what the services wrote to their logs by the console exporter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from rich.tree import Tree

from queuebit_contracts.registry import PREFIX
from queuebit_runtime.telemetry import semconv

TELEMETRY = "QUEUEBIT_TELEMETRY"
DEFAULTS = {TELEMETRY: "console", "QUEUEBIT_TRACE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "250"}
"""Every trace, to the logs, a quarter of a second after its spans ended."""

LAST_SPAN = "send jobs.completed"
WRITTEN_TIMEOUT_S = 5.0
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class SpanLine:
    """A span as it stands in a log."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    service: str
    started_at: datetime
    ended_at: datetime
    attributes: Mapping[str, Any]

    @property
    def job_id(self) -> str | None:
        found = self.attributes.get(semconv.JOB_ID)
        return None if found is None else str(found)

    @property
    def event(self) -> str:
        """The bare name of the event that was sent or read; empty for a span of something else."""
        return str(self.attributes.get(semconv.EVENT_TYPE, "")).removeprefix(PREFIX).rpartition(".")[0]

    @property
    def duration_ms(self) -> float:
        return (self.ended_at - self.started_at).total_seconds() * 1000


def telemetry_env(environ: Mapping[str, str]) -> dict[str, str]:
    """What the services are told of telemetry besides what the environment says already."""
    return {name: value for name, value in DEFAULTS.items() if not environ.get(name)}


def read_spans(logs: Iterable[Path]) -> list[SpanLine]:
    """The spans in the log files, oldest first; whatever else a log holds is passed over."""
    spans = [span for log in logs if log.exists() for line in log.open("rb") if (span := read_span(line)) is not None]
    return sorted(spans, key=lambda span: span.started_at)


def read_span(line: bytes) -> SpanLine | None:
    """The span that a line of a log is, or None where it is something else."""
    try:
        document = orjson.loads(line)
        return SpanLine(
            trace_id=document["context"]["trace_id"].removeprefix("0x"),
            span_id=document["context"]["span_id"],
            parent_id=document["parent_id"],
            name=document["name"],
            service=document["resource"]["attributes"][semconv.SERVICE_NAME].removeprefix("queuebit-"),
            started_at=datetime.fromisoformat(document["start_time"]),
            ended_at=datetime.fromisoformat(document["end_time"]),
            attributes=document["attributes"],
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def trace_of(spans: Sequence[SpanLine], job_id: str) -> list[SpanLine]:
    """The spans of the first trace that names the job."""
    trace_id = next((span.trace_id for span in spans if span.job_id == job_id), None)
    return [span for span in spans if span.trace_id == trace_id]


def is_whole(trace: Sequence[SpanLine]) -> bool:
    """Whether it has a beginning, an end, and all between: a worker that was killed takes spans with it."""
    known = {span.span_id for span in trace}
    roots = [span for span in trace if span.parent_id is None]
    return len(roots) == 1 and all(
        (
            any(span.name == LAST_SPAN for span in trace),
            all(span.parent_id in known for span in trace if span.parent_id),
        )
    )


def as_tree(trace: Sequence[SpanLine], title: str) -> Tree:
    """The trace as an indented tree, with service and duration. A span whose parent is not there stands at the top."""
    tree = Tree(title)
    known = {span.span_id for span in trace}
    branches: dict[str, Tree] = {}
    waiting = list(trace)
    while waiting:
        ready = [span for span in waiting if span.parent_id not in known or span.parent_id in branches]
        if not ready:
            break
        for span in ready:
            name = f"{span.name} {span.event}".rstrip()
            label = f"{name}  [dim]{span.service} · {span.duration_ms:.1f} ms[/]"
            branches[span.span_id] = branches.get(span.parent_id or "", tree).add(label)
        waiting = [span for span in waiting if span.span_id not in branches]
    return tree


async def wait_for_trace(logs: Sequence[Path], job_ids: Sequence[str]) -> tuple[str, list[SpanLine]] | None:
    """The job whose whole trace went through the most services, once the last spans are written; None where there is none."""
    deadline = time.monotonic() + WRITTEN_TIMEOUT_S
    while True:
        spans = await asyncio.to_thread(read_spans, logs)
        whole = [(job_id, trace) for job_id in job_ids if is_whole(trace := trace_of(spans, job_id))]
        if whole:
            return max(whole, key=lambda each: (len({span.service for span in each[1]}), -len(each[1])))
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(POLL_INTERVAL_S)
