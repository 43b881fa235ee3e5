"""The yardstick: the bare pipeline on the stack of the run, in a schema and topics of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from queuebit_contracts.ids import uuid7
from queuebit_devstack.processes import Child, child_env, end_processes, spawn
from queuebit_devstack.stack import Stack
from queuebit_runtime.clock import SystemClock
from queuebit_workbench.bench.bare_roles import COMPLETED, SUBMITTED, TOPICS
from queuebit_workbench.bench.bare_steps import graph
from queuebit_workbench.bench.driver import Driver, Question, Route
from queuebit_workbench.bench.figures import BurstFigures, PipelineFigures
from queuebit_workbench.bench.measure import Say, measure, measure_burst, watched
from queuebit_workbench.bench.settings import PARTITIONS, BenchSettings
from queuebit_workbench.bench.statements import statements

ROLES = ("control", "solver", "validator")
STOP_GRACE_S = 5.0


async def measure_bare(stack: Stack, settings: BenchSettings, say: Say) -> PipelineFigures:
    """Start the bare pipeline, measure it, and end it."""
    async with _running(stack, settings) as (driver, pids):
        return await measure(stack, driver, pids, settings, say)


async def measure_bare_again(stack: Stack, settings: BenchSettings) -> BurstFigures:
    """Throughput once more, so that a machine that became slower or faster meanwhile is noticed in the ratio."""
    async with _running(stack, settings) as (driver, pids):
        return await measure_burst(driver, watched(stack, pids), settings)


@contextlib.asynccontextmanager
async def _running(stack: Stack, settings: BenchSettings) -> AsyncIterator[tuple[Driver, dict[str, int]]]:
    """The pipeline's client, and its processes by name."""
    numbers, clock = random.Random(settings.seed), SystemClock()

    def ask() -> Question:
        job_id = _job_id(clock, numbers)
        return Question(job_id.bytes, orjson.dumps({"job": str(job_id), "edges": graph(numbers)}))

    async with (
        _place(stack),
        _roles(stack) as children,
        Driver(stack.access(), Route(SUBMITTED, COMPLETED), ask, stuck_s=settings.stuck_s) as driver,
    ):
        yield driver, {name: child.record.pid for name, child in children.items()}


def _job_id(clock: SystemClock, numbers: random.Random) -> UUID:
    return uuid7(int(clock.now().timestamp() * 1000), numbers.getrandbits(74))


@contextlib.asynccontextmanager
async def _place(stack: Stack) -> AsyncIterator[None]:
    """The topics and the schema of the bare pipeline, which go with the block: the servers may not be ours."""
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    try:
        replicas = min(3, len((await admin.describe_cluster())["brokers"]))
        await _execute(stack, "tables")
        await admin.create_topics([NewTopic(topic, PARTITIONS, replicas) for topic in TOPICS])
        try:
            yield
        finally:
            await admin.delete_topics(list(TOPICS))
            await _execute(stack, "drop")
    finally:
        await admin.close()


async def _execute(stack: Stack, name: str) -> None:
    connection = await asyncpg.connect(stack.postgres)
    try:
        await connection.execute(statements()[name])
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _roles(stack: Stack) -> AsyncIterator[dict[str, Child]]:
    """The three processes, which end with the block."""
    children: dict[str, Child] = {}
    module = "queuebit_workbench.bench.bare_roles"
    try:
        for role in ROLES:
            children[role] = spawn(
                f"bare-{role}",
                (sys.executable, "-m", module, role),
                marker=module,
                log=stack.data_dir / "logs" / f"bare-{role}.log",
                env=child_env(stack.data_dir, stack.env()),
            )
            stack.record(children[role].record)
        yield children
    finally:
        records = [child.record for child in children.values()]
        await asyncio.shield(asyncio.to_thread(end_processes, records, ask=signal.SIGTERM, grace_s=STOP_GRACE_S))
        for child in children.values():
            child.exit_code()
