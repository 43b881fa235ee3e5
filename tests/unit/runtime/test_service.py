"""The life of a service: what it waits for, when it is ready, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from queuebit_contracts.channels import SUBMITTED
from queuebit_runtime.bus.delivery import FAILING_S
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import BusError, Delivery, Outgoing, Subscription
from queuebit_runtime.errors import DependencyUnavailable
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.service.health import HealthServer, live_page, ready_page
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.service.service import EXIT_UNAVAILABLE, EXIT_USAGE, Service
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.port import NoTelemetry
from tests.fakes.moved_clock import START, MovedClock, settle


def a_service(clock: MovedClock) -> Service:
    bus = MemoryBus(MemoryBroker(clock))
    return Service("test", RuntimeSettings(start_timeout_s=5), bus, clock, SeededIds(clock, 1), NoTelemetry())


async def test_it_runs_its_tasks_until_it_is_asked_to_stop_and_ends_in_order() -> None:
    clock = MovedClock()
    service = a_service(clock)
    steps: list[str] = []

    async def task(stop: asyncio.Event) -> None:
        steps.append("task")
        await stop.wait()

    def step(name: str) -> Callable[..., object]:
        async def run(*_: float) -> None:
            steps.append(name)

        return run

    service.task("task", task)
    for name in ("first", "second"):
        service.on_drain(step(f"drain {name}"))  # type: ignore[arg-type]
        service.on_close(step(f"close {name}"))  # type: ignore[arg-type]
    running = asyncio.ensure_future(service.run())
    assert not service.ready
    await settle()
    assert service.ready
    assert service.alive()
    service.stop()
    await settle()
    assert running.done()
    assert not service.ready
    await service.end(1.0)
    assert steps == ["task", "drain second", "drain first", "close second", "close first"]


async def test_a_task_that_must_not_be_run_again_is_a_crash_where_it_ends_by_itself_or_fails() -> None:
    async def end_early(_: asyncio.Event) -> None:
        return

    async def fail(_: asyncio.Event) -> None:
        raise ValueError("broken")

    for run, error in ((end_early, "ended by itself"), (fail, "broken")):
        service = a_service(MovedClock())
        service.task("task", run, restarts=False)
        with pytest.raises((RuntimeError, ValueError), match=error):
            await service.run()
        await service.end(0)


async def test_a_bus_that_stands_still_is_a_crash() -> None:
    clock = MovedClock()
    service = a_service(clock)
    running = asyncio.ensure_future(service.run())
    await settle()
    assert isinstance(service.bus, MemoryBus)
    await service.bus.crash()
    assert not service.alive()
    await clock.advance(6)
    with pytest.raises(BusError, match="Nothing moves"):
        await running
    await service.end(0)


async def test_a_handler_that_fails_for_long_makes_it_not_ready_aloud_and_a_success_makes_it_ready_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Given a handler that raises, then after half a minute it is not ready, but alive: a restart would not help."""
    clock = MovedClock()
    service = a_service(clock)
    mended = False

    async def handle(delivery: Delivery) -> None:
        if not mended:
            raise ValueError("broken")
        delivery.done_all()

    service.bus.subscribe(Subscription(topics=(SUBMITTED,), group="g", handler=handle))
    running = asyncio.ensure_future(service.run())
    await settle()
    await service.bus.publish([Outgoing(SUBMITTED, b"key", b"value", [])])
    await clock.advance(FAILING_S - 1)
    assert service.serving()
    assert "same 1 records" not in caplog.text
    await clock.advance(10)
    assert not service.serving()
    assert service.alive()
    assert not running.done()
    assert f"on the same 1 records, from {SUBMITTED}/" in caplog.text
    mended = True
    await clock.advance(10)
    assert service.serving()
    service.stop()
    await running
    await service.end(0)


async def test_a_handler_that_gets_some_of_its_records_done_each_time_is_not_failing() -> None:
    clock = MovedClock()
    service = a_service(clock)

    async def one_by_one(delivery: Delivery) -> None:
        delivery.done(delivery.records[0])
        raise ValueError("the others later")

    service.bus.subscribe(Subscription(topics=(SUBMITTED,), group="g", handler=one_by_one))
    running = asyncio.ensure_future(service.run())
    await settle()
    await service.bus.publish([Outgoing(SUBMITTED, b"key", b"value", []) for _ in range(40)])
    await clock.advance(FAILING_S + 10)
    assert service.serving()
    service.stop()
    await running
    await service.end(0)


async def test_it_waits_for_what_it_needs_and_says_what_is_missing_at_the_end_of_its_time() -> None:
    clock = MovedClock()
    service = a_service(clock)
    tries = 0

    async def third_time() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionRefusedError("not yet")
        return "here"

    async def never() -> None:
        raise ConnectionRefusedError("no")

    found = asyncio.ensure_future(service.wait_for("PostgreSQL", third_time, remedy="start it"))
    await clock.advance(5)
    assert await found == "here"
    lost = asyncio.ensure_future(service.wait_for("PostgreSQL", never, remedy="start it"))
    await clock.advance(10)
    with pytest.raises(DependencyUnavailable, match="PostgreSQL cannot be used: no") as caught:
        await lost
    assert caught.value.remedy == "start it"


async def test_it_does_not_wait_for_what_waiting_does_not_mend() -> None:
    async def wrong() -> None:
        raise ValueError("wrong password")

    with pytest.raises(ValueError, match="wrong password"):
        await a_service(MovedClock()).wait_for("PostgreSQL", wrong, remedy="correct it")


async def test_what_is_in_flight_is_finished_before_the_end() -> None:
    clock = MovedClock()
    service = a_service(clock)
    held: list[Delivery] = []

    async def hold(delivery: Delivery) -> None:
        held.append(delivery)

    service.bus.subscribe(Subscription((SUBMITTED,), "g", hold))
    running = asyncio.ensure_future(service.run())
    await settle()
    await service.bus.publish([Outgoing(SUBMITTED, b"k", b"v", [])])
    await settle()
    service.stop()
    await running
    end = asyncio.ensure_future(service.end(10.0))
    await clock.advance(5)
    assert not end.done()
    held[0].done_all()
    await settle()
    assert end.done()


async def ask(port: int, request: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def test_health_answers_probes_and_nothing_else() -> None:
    ready = False
    waits = Reason("kafka_down", "No broker answers.", {"brokers": 3}, START)
    server = HealthServer(
        {"/live": lambda _: live_page(True), "/ready": lambda _: ready_page(() if ready else (waits,))}
    )
    port = await server.start("127.0.0.1", 0)
    lines = [
        (await ask(port, f"{request} HTTP/1.1\r\nHost: x\r\n\r\n")).split("\r\n")[0]
        for request in ("GET /live", "GET /ready?x=1", "HEAD /live", "POST /live", "GET /metrics")
    ]
    assert lines == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 503 Service Unavailable",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 405 Method Not Allowed",
        "HTTP/1.1 404 Not Found",
    ]
    assert json.loads((await ask(port, "GET /ready HTTP/1.1\r\n\r\n")).partition("\r\n\r\n")[2]) == {
        "status": "not ready",
        "reasons": [
            {
                "code": "kafka_down",
                "detail": "No broker answers.",
                "since": "2026-01-02T03:04:05.000+00:00",
                "about": {"brokers": 3},
            }
        ],
    }
    ready = True
    assert (await ask(port, "GET /ready HTTP/1.1\r\n\r\n")).endswith('{"status":"ready","reasons":[]}')
    assert await ask(port, "nonsense\r\n\r\n") == ""
    await server.stop()


SCRIPT = """
import sys
from queuebit_runtime.service.service import run_service
async def build(service): pass
sys.exit(run_service("test", build))
"""


def a_closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"QUEUEBIT_START_TIMEOUT_S": "0.2"}, EXIT_UNAVAILABLE, "Kafka cannot be used"),
        ({"QUEUEBIT_DRAIN_S": "soon"}, EXIT_USAGE, "QUEUEBIT_DRAIN_S"),
    ],
)
def test_the_exit_code_and_the_message_say_why_it_does_not_start(
    environment: dict[str, str], code: int, said: str
) -> None:
    kafka = {"QUEUEBIT_KAFKA": f"127.0.0.1:{a_closed_port()}"}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, **kafka, **environment}, capture_output=True, text=True
    )
    assert found.returncode == code
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_a_signal_while_it_waits_for_kafka_ends_it_in_good_order() -> None:
    environment = {**os.environ, "QUEUEBIT_KAFKA": f"127.0.0.1:{a_closed_port()}"}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "Waiting for Kafka" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0
