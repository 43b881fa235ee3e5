"""The matrix: a service is killed at a point in the middle of its work and started again, and everything must be as if not."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_devstack.credentials import ensure_credentials, gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor, prepare, service_specs
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.scan.port import Selection
from queuebit_operations.scan.postgres import opened_scan
from queuebit_operations.verification.projected import verify_live
from queuebit_operations.verification.verify import Bounds, Verification
from queuebit_runtime.access.settings import client_options
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.crash.errors import MatrixFailed
from queuebit_workbench.crash.points import Point
from queuebit_workbench.crash.work import Work

CELL_S = 120.0
HTTP_QUESTIONS = 5
POLL_S = 0.05
RECORD_BYTES = 4_500_000


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one point."""

    point: Point
    jobs: int
    took_s: float


async def run_matrix(folder: Path, points: Sequence[Point], on_cell: Callable[[Cell], None]) -> dict[str, Any]:
    """Every point on one fresh stack in `folder`, then the verification of all that is stored and published.

    Raises MatrixFailed where something was lost, doubled or reordered, and where a point was never reached.
    """
    async with await start_stack(folder, remove=True) as stack, _work(stack) as (work, specs, supervisor):
        for point in points:
            on_cell(await _cell(stack, point, work, specs, supervisor))
        return await _verified(stack, work)


@asynccontextmanager
async def _work(stack: Stack) -> AsyncIterator[tuple[Work, dict[str, ServiceSpec], Supervisor]]:
    await prepare(stack)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    key = (await ensure_credentials(stack, url)).api_key
    specs = service_specs(port, env=gateway_env(stack.data_dir))
    async with AsyncExitStack() as opened:
        store = await opened.enter_async_context(await PostgresStore.open(PostgresSettings(stack.postgres)))
        producer = AIOKafkaProducer(
            **client_options(stack.access()), acks="all", enable_idempotence=True, max_request_size=RECORD_BYTES
        )
        await opened.enter_async_context(producer)
        supervisor = await opened.enter_async_context(Supervisor(stack, specs))
        yield Work(producer, store, url, key), {spec.name: spec for spec in specs}, supervisor


async def _cell(stack: Stack, point: Point, work: Work, specs: dict[str, ServiceSpec], supervisor: Supervisor) -> Cell:
    began_s = time.monotonic()
    mark = stack.data_dir / f"{point.name}.killed"
    await supervisor.kill(point.service, signal.SIGTERM)
    spec = specs[point.service]
    argv = (sys.executable, "-m", "queuebit_workbench.crash.victim", point.name, str(mark), spec.argv[-1])
    victim = Supervisor(stack, [replace(spec, argv=argv)])
    victim.launch(point.service)
    asking = asyncio.create_task(_ask(point, work, began_s + CELL_S))
    try:
        await _killed(victim, point, mark, began_s + CELL_S)
        await supervisor.restart(point.service)
        await asking
        jobs = await work.all_done(began_s + CELL_S)
    except MatrixFailed as error:
        raise MatrixFailed(f"{point.name}: {error}") from error
    finally:
        asking.cancel()
        await victim.stop()
    return Cell(point, jobs, time.monotonic() - began_s)


async def _ask(point: Point, work: Work, until_s: float) -> None:
    if point.service == "gateway":
        await work.ask_over_http(HTTP_QUESTIONS, until_s)
    else:
        await work.ask_upstream(point.service)


async def _killed(victim: Supervisor, point: Point, mark: Path, until_s: float) -> None:
    """Wait until the service has died at the point: of anything else, or not at all, is a failure."""
    while (code := victim.exit_code(point.service)) is None:
        if time.monotonic() > until_s:
            raise MatrixFailed("the point was never reached.")
        await asyncio.sleep(POLL_S)
    if code != -signal.SIGKILL or not await asyncio.to_thread(mark.exists):
        raise MatrixFailed(f"it ended with {code}, not at the point:\n{victim.last_lines(point.service)}")


async def _verified(stack: Stack, work: Work) -> dict[str, Any]:
    """What `queuebit ops verify` says of the store, of Kafka and of projections, once the relay has come to its end."""
    async with (
        opened_scan(PostgresSettings(stack.postgres)) as scan,
        opened_records(stack.access(), "") as records,
    ):
        verified = await Verification(
            scan, records, SystemClock(), Bounds(grace_s=CELL_S), on_progress=lambda _: None
        ).run(Selection())
    await verify_live(PostgresSettings(stack.postgres), verified)
    if verified.findings:
        raise MatrixFailed(f"After all of it: {verified.findings.document()}")
    if not verified.counts.rows:
        raise MatrixFailed("No projection has a row.")
    if verified.counts.streams < work.asked:
        raise MatrixFailed(f"Only {verified.counts.streams} streams of {work.asked} were verified.")
    return verified.document()
