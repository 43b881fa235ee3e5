"""Prometheus beside a stack: whom it scrapes, that it reads what is written, and what is said where it is not here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from queuebit_devstack.state import ProcessRecord
from queuebit_workbench.observability.beside import MISSING, start_watching, targets, write_config

SERVICES = [ProcessRecord("gateway", 1, 0.0, "m", 18085), ProcessRecord("control_plane", 2, 0.0, "m", 18081)]


def test_each_service_is_scraped_at_its_health_port_by_its_name() -> None:
    assert targets(SERVICES) == [
        {"targets": ["127.0.0.1:18085"], "labels": {"service": "gateway"}},
        {"targets": ["127.0.0.1:18081"], "labels": {"service": "control_plane"}},
    ]


def test_prometheus_reads_what_is_written(tmp_path: Path) -> None:
    write_config(tmp_path / "prometheus", SERVICES)
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here: it comes with Debian's package prometheus")

    done = subprocess.run(
        [promtool, "check", "config", str(tmp_path / "prometheus/prometheus.yaml")], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads((tmp_path / "prometheus/targets.json").read_text())) == 2


async def test_where_prometheus_is_not_here_it_says_how_to_have_it_and_where_metrics_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(shutil, "which", lambda _: None)

    await start_watching(tmp_path, said.append)

    assert said == [MISSING]
    assert list(tmp_path.iterdir()) == []
