"""What a service has to do while it is killed, and whether all of it was done once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import QueuebitError
from queuebit_contracts.channels import SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.registry import type_bytes_of
from queuebit_devstack.credentials import TENANT
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_store.ports import StreamFilter, StreamRow
from queuebit_store.postgres import PostgresStore
from queuebit_workbench.crash.errors import MatrixFailed

SOURCE = "/queuebit/crash-matrix"
PAGE = 500
DONE = "completed"
RETRY_S = 0.1
SMALL: dict[str, object] = {"nodes": 6, "edges": [[0, 1, 3], [1, 2, 1], [2, 3, 4], [3, 4, 1], [4, 5, 5], [5, 0, 9]]}
LARGE: dict[str, object] = {
    "nodes": 2000,
    "edges": [[i, (i + far) % 2000, 1 + (i + far) % 9] for far in range(1, 15) for i in range(2000)],
}
"""About 350 kB: it is stored apart, in two pieces, and goes the way of what is large."""

_clock = SystemClock()
_ids = SystemIds(_clock)


@dataclass
class Work:
    """Asks, as an upstream service and as an application do, and counts."""

    producer: AIOKafkaProducer
    store: PostgresStore
    url: str
    api_key: str
    asked: int = 0
    known: set[UUID] = field(default_factory=set)

    async def ask_upstream(self, service: str) -> None:
        """A few questions whose way leads through the service: by ids and by keys, small and large."""
        questions = [({"kind": "maxcut", "statement": SMALL}, "classical")] * 8
        if service == "control_plane":
            questions.append(({"kind": "maxcut", "statement": LARGE}, "rule"))
        if service == "quantum_adapter":
            questions += [({"kind": "maxcut", "statement": SMALL}, "simulator")] * 5
        for number, (problem, lane) in enumerate(questions):
            event_id = _ids.mint()
            key = str(event_id) if number % 2 else f"key-{event_id}"
            request = {"tenant": TENANT, "problem": problem, "lane": lane, "seed": number}
            value = orjson.dumps({"request": request, "idempotency_key": key})
            headers = binary_headers(
                event_id,
                SOURCE,
                type_bytes_of(JobSubmitted),
                str(event_id),
                rfc3339(_clock.now()),
                tenant=TENANT,
                version=None,
                traceparent=None,
            )
            await self.producer.send_and_wait(SUBMITTED, value, key=key.encode(), headers=headers)
            self.asked += 1

    async def ask_over_http(self, count: int, until_s: float) -> None:
        """As an application that outlives the gateway: it asks with the same key until it is answered."""
        async with AsyncQueuebit(self.url, self.api_key) as client:
            for number in range(count):
                key = f"http-{_ids.mint()}"
                while True:
                    try:
                        await client.submit(
                            {"kind": "maxcut", "statement": SMALL}, lane="classical", seed=number, key=key
                        )
                        break
                    except QueuebitError as error:
                        if time.monotonic() > until_s:
                            raise MatrixFailed(f"The gateway did not take a question in time: {error}") from error
                        await asyncio.sleep(RETRY_S)
                self.asked += 1

    async def all_done(self, until_s: float) -> int:
        """Wait until everything that was asked has ended well, and give how many jobs are new. Raises MatrixFailed."""
        while True:
            rows = await self._rows()
            open_ = [row for row in rows if row.head.state != DONE]
            if len(rows) > self.asked:
                raise MatrixFailed(f"{self.asked} questions became {len(rows)} jobs.")
            if len(rows) == self.asked and not open_:
                new = {row.stream_id for row in rows} - self.known
                self.known |= new
                return len(new)
            if time.monotonic() > until_s:
                states = ", ".join(f"{row.stream_id} is {row.head.state}" for row in open_[:5])
                raise MatrixFailed(f"Of {self.asked} questions {len(rows)} are jobs, {len(open_)} not done: {states}")
            await asyncio.sleep(RETRY_S)

    async def _rows(self) -> list[StreamRow]:
        rows: list[StreamRow] = []
        while page := await self.store.list_heads(
            StreamFilter(TENANT, before=rows[-1].place if rows else None), limit=PAGE
        ):
            rows += page
        return rows
