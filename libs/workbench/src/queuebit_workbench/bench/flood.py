"""`python -m queuebit_workbench.bench.flood COUNT`: a tenant who sends large statements, in a process of its own.

It makes them, says so by a line, waits for a line, and sends one after another as fast as they are acknowledged: as an upstream
service, so Kafka holds it to the quota of one.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvloop
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_contracts.channels import RECORD_BYTES_MAX, SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.registry import type_bytes_of
from queuebit_devstack.processes import child_env
from queuebit_devstack.stack import Stack
from queuebit_runtime.access.rules import UPSTREAM
from queuebit_runtime.access.settings import KafkaAccess, access_from, client_options
from queuebit_runtime.clock import SystemClock
from queuebit_workbench.bench.driver import Question

FLOOD = "flood"
NODES, REACH = 3000, 73
REQUEST_TIMEOUT_MS = 60_000
"""A broker that holds a client to its quota answers later."""


def large_question(seed: int) -> Question:
    """A graph of about 3.4 MB for the rule lane, which costs little beside admission."""
    numbers = random.Random(seed)
    now = SystemClock().now()
    key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
    edges = [[i, (i + far) % NODES, numbers.randrange(100, 999)] for far in range(1, REACH + 1) for i in range(NODES)]
    problem = {"kind": "maxcut", "statement": {"nodes": NODES, "edges": edges}}
    value = orjson.dumps(
        {"request": {"tenant": FLOOD, "problem": problem, "lane": "rule"}, "idempotency_key": str(key)}
    )
    job_id = str(job_id_of(FLOOD, key))
    ce_type = type_bytes_of(JobSubmitted)
    headers = binary_headers(
        key, "/queuebit/flood", ce_type, job_id, rfc3339(now), tenant=FLOOD, version=None, traceparent=None
    )
    return Question(job_id.encode(), value, tuple(headers))


@asynccontextmanager
async def flood_of(stack: Stack, count: int) -> AsyncIterator[Process]:
    """The process, with its statements made: a line on its input lets it send."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(count)),
        env=child_env(stack.data_dir, stack.env(UPSTREAM)),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _send(access: KafkaAccess, count: int) -> None:
    questions = [large_question(number) for number in range(count)]
    producer = AIOKafkaProducer(
        **client_options(access),
        client_id=FLOOD,
        max_request_size=2 * RECORD_BYTES_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    await producer.start()
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        for each in questions:
            await producer.send_and_wait(SUBMITTED, each.value, key=each.key, headers=list(each.headers))
    finally:
        await producer.stop()


if __name__ == "__main__":
    uvloop.run(_send(access_from(os.environ), int(sys.argv[1])))
