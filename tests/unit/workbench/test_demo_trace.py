"""Spans read back from logs, and the tree that the demonstration shows."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from queuebit_workbench.demo.trace import as_tree, is_whole, read_spans, telemetry_env, trace_of


def a_span(
    number: int, parent: int | None, name: str, service: str = "gateway", trace: int = 1, job: str = "j-1"
) -> str:
    document = {
        "name": name,
        "context": {"trace_id": f"0x{trace:032x}", "span_id": f"0x{number:016x}", "trace_state": "[]"},
        "parent_id": None if parent is None else f"0x{parent:016x}",
        "start_time": f"2026-01-02T03:04:05.{number:03d}000Z",
        "end_time": f"2026-01-02T03:04:05.{number + 2:03d}500Z",
        "attributes": {"queuebit.job.id": job, "queuebit.event.type": "io.queuebit.JobSubmitted.v1"},
        "resource": {"attributes": {"service.name": f"queuebit-{service}"}},
    }
    return json.dumps(document)


ROOT = a_span(1, None, "POST /v1/jobs")
SENT = a_span(2, 1, "send jobs.submitted")
READ = a_span(3, 2, "process jobs.submitted", "control-plane")
LAST = a_span(4, 3, "send jobs.completed", "control-plane")
STRANGER = a_span(1, None, "POST /v1/jobs", trace=2, job="j-2")


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Two logs in which spans stand among other lines."""
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_text("\n".join(["gateway: not json", '{"level": "INFO"}', SENT, STRANGER, ROOT, "[1]", "{broken", ""]))
    two.write_text("\n".join([LAST, READ]))
    return [one, two, tmp_path / "absent.log"]


def test_the_trace_of_a_job_is_read_from_all_logs_in_order(logs: list[Path]) -> None:
    trace = trace_of(read_spans(logs), "j-1")

    assert [(span.service, span.name) for span in trace] == [
        ("gateway", "POST /v1/jobs"),
        ("gateway", "send jobs.submitted"),
        ("control-plane", "process jobs.submitted"),
        ("control-plane", "send jobs.completed"),
    ]
    assert {span.duration_ms for span in trace} == {2.5}
    assert is_whole(trace)


@pytest.mark.parametrize("missing", [ROOT, SENT, READ, LAST], ids=["root", "second", "third", "last"])
def test_a_trace_with_a_gap_is_not_whole(tmp_path: Path, missing: str) -> None:
    log = tmp_path / "one.log"
    log.write_text("\n".join(each for each in (ROOT, SENT, READ, LAST) if each != missing))

    assert not is_whole(trace_of(read_spans([log]), "j-1"))


def test_the_tree_is_indented_and_names_service_event_and_duration(logs: list[Path]) -> None:
    shown = StringIO()

    Console(width=100, file=shown).print(as_tree(trace_of(read_spans(logs), "j-1"), "Trace"), highlight=False)

    assert [line.rstrip() for line in shown.getvalue().splitlines()] == [
        "Trace",
        "└── POST /v1/jobs JobSubmitted  gateway · 2.5 ms",
        "    └── send jobs.submitted JobSubmitted  gateway · 2.5 ms",
        "        └── process jobs.submitted JobSubmitted  control-plane · 2.5 ms",
        "            └── send jobs.completed JobSubmitted  control-plane · 2.5 ms",
    ]


def test_what_the_environment_says_of_telemetry_stands() -> None:
    everything = {"QUEUEBIT_TELEMETRY": "console", "QUEUEBIT_TRACE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "250"}

    assert telemetry_env({}) == everything
    assert telemetry_env({"QUEUEBIT_TELEMETRY": "off", "QUEUEBIT_TRACE_RATIO": ""}) == {
        name: value for name, value in everything.items() if name != "QUEUEBIT_TELEMETRY"
    }
