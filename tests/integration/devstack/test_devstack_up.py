"""What `queuebit up` does with servers and services, with small programs in place of the services."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from queuebit_devstack import up
from queuebit_devstack.leftovers import end_stack
from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import find_marked
from queuebit_devstack.supervise import SERVICES, ServiceSpec

READY = """
import http.server, os
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


def until_ended(child: int, timeout_s: float = 10.0) -> None:
    """Wait for the end of a child that its parent has not reaped."""
    deadline = time.monotonic() + timeout_s
    while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def test_up_starts_all_and_again_only_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "service_specs", small_services)
    monkeypatch.setenv("QUEUEBIT_DATA", str(tmp_path))
    monkeypatch.delenv("QUEUEBIT_KAFKA", raising=False)
    monkeypatch.delenv("QUEUEBIT_POSTGRES", raising=False)

    async def bring_up() -> dict[str, int]:
        said: list[str] = []
        await up.bring_up(brokers=1, servers_only=False, foreground=False, http_port=free_ports(1)[0], say=said.append)
        assert said[-1] == "Stop: queuebit down"
        found = up.report(tmp_path)
        assert found["running"]
        return {each["name"]: each["pid"] for each in found["processes"]}

    try:
        first = await bring_up()
        assert set(first) == {"postgres", "kafka-1", *SERVICES}
        gateway = up.report(tmp_path)["gateway"]
        assert await bring_up() == first
        os.kill(first["quantum_adapter"], signal.SIGKILL)
        until_ended(first["quantum_adapter"])
        assert not up.report(tmp_path)["running"]
        again = await bring_up()
        assert {name for name in again if again[name] != first[name]} == {"quantum_adapter"}
        assert up.report(tmp_path)["gateway"] == gateway
    finally:
        ended = await asyncio.to_thread(end_stack, tmp_path)
    assert ended == 7
    assert find_marked(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_up_in_the_foreground_ends_all_at_a_signal(tmp_path: Path, how: signal.Signals) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("QUEUEBIT_KAFKA", "QUEUEBIT_POSTGRES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "queuebit_devstack", "up", "--servers-only", "--foreground"],
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
    assert process.wait(30) == 0
    assert find_marked(tmp_path) == []
