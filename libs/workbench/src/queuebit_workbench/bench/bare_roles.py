"""The three processes of the bare pipeline: `python -m queuebit_workbench.bench.bare_roles control|solver|validator`.

The same architecture with nothing on top: no models, no policy, no telemetry, no timers, no word on faults. How fast it is
says how fast the architecture can be on this machine at this moment.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import KafkaAccess, access_from, client_options
from queuebit_workbench.bench.bare_steps import accept, finish, solve, validate
from queuebit_workbench.bench.statements import statements

BATCH_BYTES_MAX = 256 * 1024
RECORDS_MAX = 500
RELAY_EVENTS_MAX = 1000
RELAY_POLL_S = 0.05
CURSOR_SAVE_S = 0.2
SUBMITTED, QUEUED, SOLVED, VERDICTS, COMPLETED, LIFECYCLE = TOPICS = (
    "bench.bare.submitted",
    "bench.bare.queued",
    "bench.bare.solved",
    "bench.bare.verdicts",
    "bench.bare.completed",
    "bench.bare.lifecycle",
)
PURPOSE = {"Queued": QUEUED, "Completed": COMPLETED}
SESSION = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""The same plans as the event store of the product, however old the statistics are."""

Message = tuple[str, bytes, bytes]
"""Topic, key, value."""


async def publish(producer: AIOKafkaProducer, messages: Iterable[Message]) -> None:
    """Return when all are acknowledged."""
    sent = [await producer.send(topic, value, key=key) for topic, key, value in messages]
    for each in sent:
        await each


async def worker(
    kafka: KafkaAccess, source: str, target: str, step: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Solver and validator: a batch in, a batch out, one commit."""
    producer, consumer = await connect(kafka, source, source)
    while True:
        batches = await consumer.getmany(timeout_ms=500, max_records=RECORDS_MAX)
        records = [record for batch in batches.values() for record in batch]
        if records:
            results = ((target, each.key, orjson.dumps(step(orjson.loads(each.value)))) for each in records)
            await publish(producer, results)
            await consumer.commit()


class Control:
    """Decides, appends, and relays what was appended."""

    def __init__(self, database: asyncpg.Pool[asyncpg.Record], producer: AIOKafkaProducer) -> None:
        self._database = database
        self._producer = producer
        self._appended = asyncio.Event()
        self._sql = statements()

    async def decide(self, records: Sequence[Any]) -> None:
        """One statement for a batch: two visits a job, three events each."""
        jobs: dict[UUID, tuple[int, str]] = {}
        events: list[tuple[UUID, int, str, str]] = []
        for record in records:
            job_id, data = UUID(bytes=record.key), orjson.loads(record.value)
            first = record.topic == SUBMITTED
            decided, expected = (accept(data), 0) if first else (finish(data), 3)
            jobs[job_id] = (expected, "queued" if first else "completed")
            for version, (kind, event) in enumerate(decided, expected + 1):
                events.append((job_id, version, kind, orjson.dumps(event).decode()))
        order = sorted(jobs)
        given = [(job_id, jobs[job_id][0], jobs[job_id][0] + 3, jobs[job_id][1]) for job_id in order]
        await self._database.fetch(self._sql["append"], *zip(*given, strict=True), *zip(*events, strict=True))
        self._appended.set()

    async def relay(self) -> None:
        """Publish events in the order of the table; woken by every append, and polling besides."""
        place = (0, 0)
        saved_s = time.monotonic()
        while True:
            self._appended.clear()
            rows = await self._database.fetch(self._sql["read"], *place, RELAY_EVENTS_MAX)
            if rows:
                await publish(self._producer, (each for row in rows for each in self._messages(row)))
                place = (rows[-1]["xid"], rows[-1]["seq"])
                if time.monotonic() - saved_s > CURSOR_SAVE_S:
                    await self._database.execute(self._sql["save_cursor"], *place)
                    saved_s = time.monotonic()
            if len(rows) < RELAY_EVENTS_MAX:
                try:
                    await asyncio.wait_for(self._appended.wait(), RELAY_POLL_S)
                except TimeoutError:
                    continue

    @staticmethod
    def _messages(row: asyncpg.Record) -> Iterable[Message]:
        _, _, job_id, kind, data = row
        key, value = job_id.bytes, data.encode()
        if kind in PURPOSE:
            yield PURPOSE[kind], key, value
        yield LIFECYCLE, key, value


async def control(kafka: KafkaAccess, postgres: str) -> None:
    """The control process."""
    producer, consumer = await connect(kafka, "control", SUBMITTED, VERDICTS)
    database = await asyncpg.create_pool(postgres, min_size=2, max_size=2, server_settings=SESSION)
    desk = Control(database, producer)
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.relay())
        while True:
            batches = await consumer.getmany(timeout_ms=500, max_records=RECORDS_MAX)
            records = [record for batch in batches.values() for record in batch]
            if records:
                await desk.decide(records)
                await consumer.commit()


async def connect(kafka: KafkaAccess, group: str, *topics: str) -> tuple[AIOKafkaProducer, AIOKafkaConsumer]:
    """A producer, and a consumer of the topics."""
    producer = AIOKafkaProducer(
        **client_options(kafka), enable_idempotence=True, acks="all", linger_ms=0, max_batch_size=BATCH_BYTES_MAX
    )
    consumer = AIOKafkaConsumer(
        *topics,
        **client_options(kafka),
        group_id=f"bench.bare.{group}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await producer.start()
    await consumer.start()
    return producer, consumer


async def main(role: str, kafka: KafkaAccess, postgres: str) -> None:
    """Run one role until the process is ended."""
    match role:
        case "control":
            await control(kafka, postgres)
        case "solver":
            await worker(kafka, QUEUED, SOLVED, solve)
        case "validator":
            await worker(kafka, SOLVED, VERDICTS, validate)
        case _:
            raise ValueError(f"There is no role {role}.")


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], access_from(os.environ), os.environ["QUEUEBIT_POSTGRES"]))
