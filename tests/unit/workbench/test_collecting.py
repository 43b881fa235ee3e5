"""The collector beside a stack: what services are told, what it reads, and that what they send lies in its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import end_processes
from queuebit_devstack.state import ProcessRecord, StackState, StateFile
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.otel import OtelTelemetry
from queuebit_workbench.observability import collecting
from queuebit_workbench.observability.collecting import (
    MISSING,
    TELL_NOBODY,
    answering,
    config,
    environment,
    found,
    spawned,
)


@pytest.fixture(scope="module")
def program() -> Path:
    there = found()
    if there is None:
        pytest.skip(MISSING)
    return there


def names(file: Path, *path: str) -> set[str]:
    """The names of what lies at `path` in the JSON lines of a file."""
    level: Iterable[Any] = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    for step in path:
        level = [each for above in level for each in above[step]]
    return {each["name"] for each in level}


def test_services_send_everything_there_and_what_somebody_set_stays() -> None:
    assert environment(4318, {"QUEUEBIT_TRACE_RATIO": "0.1", "QUEUEBIT_TELEMETRY": ""}) == {
        "QUEUEBIT_TELEMETRY": "otlp",
        "QUEUEBIT_TRACE_RATIO": "0.1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    }


def test_the_collector_reads_what_is_written_and_refuses_a_receiver_that_it_lacks(
    program: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(yaml.safe_dump(config(tmp_path, 4318)))
    bad.write_text(yaml.safe_dump(config(tmp_path, 4318)).replace("otlp", "carrier_pigeon"))

    codes = [
        subprocess.run([program, "validate", "--config", str(each)], capture_output=True, check=False).returncode
        for each in (good, bad)
    ]

    assert codes == [0, 1]


async def test_spans_and_metrics_of_a_service_lie_in_its_files(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a collector, when a service tells a span and a count and ends, and the collector ends too, then both are kept."""
    (port,) = free_ports(1)
    child = spawned(program, tmp_path, port, tmp_path / "log", os.environ)
    try:
        await answering(child, port)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        telemetry = OtelTelemetry("gateway", RuntimeSettings(telemetry="otlp", trace_ratio=1.0))

        telemetry.count(Metric.APPENDED)
        span = telemetry.span("POST /v1/jobs", None, "server")
        assert span is not None
        span.end()
        await telemetry.close()
    finally:
        end_processes([child.record], ask=signal.SIGTERM, grace_s=30)
        code = child.exit_code()

    assert code == 0, (tmp_path / "log").read_text()
    assert names(tmp_path / "traces.jsonl", "resourceSpans", "scopeSpans", "spans") == {"POST /v1/jobs"}
    metrics = names(tmp_path / "metrics.jsonl", "resourceMetrics", "scopeMetrics", "metrics")
    assert Metric.APPENDED.value.name in metrics


LISTENS = """#!{python}
import socket, sys, time, yaml
told = yaml.safe_load(open(sys.argv[2]))["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
listening = socket.create_server((told.rpartition(":")[0], int(told.rpartition(":")[2])))
time.sleep(600)
"""


@pytest.fixture
def listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector as far as its port goes."""
    program = tmp_path / "listens"
    program.write_text(LISTENS.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(collecting, "found", lambda: program)


async def test_one_that_died_is_started_again_where_the_services_tell_it_and_one_that_lives_is_left(
    listens: None, tmp_path: Path
) -> None:
    """Given services that tell a collector which died, when it is wanted again, twice, then one runs, at its port."""
    (port,) = free_ports(1)
    file, said = StateFile(tmp_path), list[str]()
    file.save(StackState("s", processes=(ProcessRecord(collecting.NAME, 2**22 + 1, 0.0, "collector.yaml", port),)))

    await collecting.collect_on(tmp_path, said.append)
    first = file.load()
    assert first is not None
    try:
        await collecting.collect_on(tmp_path, said.append)
        second = file.load()
    finally:
        end_processes(first.processes, ask=signal.SIGTERM, grace_s=30)

    assert first == second
    assert [(each.name, each.port) for each in first.processes] == [(collecting.NAME, port)]
    where = f"http://127.0.0.1:{port} (OTLP; every trace and all metrics lie in {tmp_path / 'collector'})"
    assert said == [f"Collector   {where}"] * 2


async def test_services_that_were_told_of_none_tell_nobody(listens: None, tmp_path: Path) -> None:
    StateFile(tmp_path).save(StackState("s"))
    said: list[str] = []

    await collecting.collect_on(tmp_path, said.append)

    assert said == [TELL_NOBODY]


async def test_where_no_collector_is_here_it_says_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(collecting, "found", lambda: None)

    env = await collecting.start_collecting(None, said.append)  # type: ignore[arg-type]

    assert (env, said) == ({}, [MISSING])
