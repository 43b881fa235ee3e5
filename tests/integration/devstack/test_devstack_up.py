"""What `queuebit up` does with servers and services, with small programs in place of the services."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from queuebit_devstack import up
from queuebit_devstack.leftovers import end_stack
from queuebit_devstack.notes import read_notes
from queuebit_devstack.ports import free_ports
from queuebit_devstack.private import OPERATOR_FILE
from queuebit_devstack.processes import find_marked
from queuebit_devstack.supervise import SERVICES, ServiceSpec

READY = """
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["QUEUEBIT_HEALTH_PORT"])), Handler).serve_forever()
"""


def small_services(
    http_port: int, *, names: Sequence[str] = SERVICES, env: Mapping[str, str] | None = None
) -> tuple[ServiceSpec, ...]:
    ports = free_ports(len(names))
    return tuple(
        ServiceSpec(name, (sys.executable, "-c", READY), port) for name, port in zip(names, ports, strict=True)
    )


def until_ended(child: int, timeout_s: float = 60.0) -> None:
    """Wait for the end of a child that its parent has not reaped."""
    deadline = time.monotonic() + timeout_s
    while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def until_running(folder: Path, holds: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """The processes, once all run and it holds."""
    deadline = time.monotonic() + 60
    while True:
        found = await up.report(folder)
        pids = {each["name"]: each["pid"] for each in found["processes"]}
        if found["running"] and found["ready"] and holds(pids):
            return pids
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)


async def test_up_starts_all_under_a_supervisor_and_again_only_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a running stack, then what is killed comes back by itself, and what was stopped comes back with the next `up`."""
    monkeypatch.setattr(up, "service_specs", small_services)
    monkeypatch.setenv("QUEUEBIT_DATA", str(tmp_path))
    monkeypatch.delenv("QUEUEBIT_KAFKA", raising=False)
    monkeypatch.delenv("QUEUEBIT_POSTGRES", raising=False)

    async def bring_up() -> dict[str, int]:
        said: list[str] = []
        await up.bring_up(brokers=1, servers_only=False, foreground=False, http_port=free_ports(1)[0], say=said.append)
        assert said[-1] == "Stop: queuebit down"
        return await until_running(tmp_path, lambda _: True)

    try:
        first = await bring_up()
        assert set(first) == {"postgres", "kafka-1", "supervisor", *SERVICES}
        gateway = (await up.report(tmp_path))["gateway"]
        assert await bring_up() == first
        operators = tmp_path / OPERATOR_FILE
        assert {"QUEUEBIT_POSTGRES", "QUEUEBIT_KAFKA", "QUEUEBIT_PEPPER"} <= json.loads(operators.read_text()).keys()
        assert operators.stat().st_mode & 0o077 == 0

        os.kill(first["quantum_adapter"], signal.SIGKILL)
        mended = await until_running(tmp_path, lambda pids: pids["quantum_adapter"] != first["quantum_adapter"])
        assert {name for name in mended if mended[name] != first[name]} == {"quantum_adapter"}

        os.kill(first["gateway"], signal.SIGTERM)
        await until_told(tmp_path, "gateway", "stopped")
        assert not (await up.report(tmp_path))["running"]
        again = await bring_up()
        assert {name for name in again if again[name] != mended[name]} == {"gateway"}
        assert (await up.report(tmp_path))["gateway"] == gateway

        os.kill(first["supervisor"], signal.SIGKILL)
        until_ended(first["supervisor"])
        heir = await bring_up()
        assert {name for name in heir if heir[name] != again[name]} == {"supervisor"}
    finally:
        ended = await asyncio.to_thread(end_stack, tmp_path)
    assert ended == 8
    assert find_marked(tmp_path) == []
    assert not (tmp_path / OPERATOR_FILE).exists()


async def until_told(folder: Path, name: str, state: str) -> None:
    deadline = time.monotonic() + 60
    while (notes := read_notes(folder))[name].state != state:
        assert time.monotonic() < deadline, notes
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_up_in_the_foreground_ends_all_at_a_signal(tmp_path: Path, how: signal.Signals) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("QUEUEBIT_KAFKA", "QUEUEBIT_POSTGRES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "queuebit_workbench", "up", "--servers-only", "--foreground"],
        env=environ | {"QUEUEBIT_DATA": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line == "Stop: Ctrl-C\n":
                break
        assert len(find_marked(tmp_path)) >= 2
        process.send_signal(how)
        assert process.stdout.read() == "Stopped.\n"
    assert process.wait(60) == 0
    assert find_marked(tmp_path) == []
