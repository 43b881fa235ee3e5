"""Several tenants at once, as upstream services and as an application: what was acknowledged must end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import orjson
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import QueuebitError
from queuebit_contracts.channels import SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of
from queuebit_contracts.jobs import LaneWish, Tier
from queuebit_contracts.registry import type_bytes_of
from queuebit_devstack.credentials import TENANT
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import SystemIds

Way = Literal["kafka", "http"]
TENANTS = (TENANT, "harbour", "orchard")
"""The first asks over HTTP as well."""
SOURCE = "/chaos"
FAR = timedelta(days=1)
NODES = 6
SIMULATOR_SHARE, BATCH_SHARE, CANCEL_SHARE = 0.03, 0.4, 0.02
RETRY_S = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was acknowledged."""

    job_id: UUID
    tenant: str
    way: Way
    at: datetime


@dataclass
class Load:
    """Asks at a steady rate until it is told to stop; then until all that it began to ask is acknowledged."""

    producer: AIOKafkaProducer
    client: AsyncQueuebit
    clock: Clock
    seed: int
    interval_s: float
    asked: list[Asked] = field(default_factory=list)
    retries: int = 0
    cancels: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """One asker for each tenant and way."""
        ids = SystemIds(self.clock)
        async with asyncio.TaskGroup() as group:
            for number, tenant in enumerate(TENANTS):
                group.create_task(self._ask(tenant, "kafka", random.Random(f"{self.seed}/{number}"), ids.mint, stop))
            group.create_task(self._ask(TENANT, "http", random.Random(f"{self.seed}/http"), ids.mint, stop))

    async def _ask(
        self, tenant: str, way: Way, chance: random.Random, mint: Callable[[], UUID], stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            key = mint()
            if way == "kafka":
                await self._publish(tenant, key, chance)
            else:
                await self._submit(key, chance)
            self.asked.append(Asked(job_id_of(tenant, key), tenant, way, self.clock.now()))
            await asyncio.sleep(self.interval_s * chance.uniform(0.5, 1.5))

    async def _publish(self, tenant: str, key: UUID, chance: random.Random) -> None:
        """The same event again and again until Kafka has acknowledged it."""
        now = self.clock.now()
        request = {
            "tenant": tenant,
            "problem": _problem(chance),
            "lane": _lane(chance),
            "tier": _tier(chance),
            "deadline": (now + FAR).isoformat(),
            "seed": chance.getrandbits(16),
        }
        value = orjson.dumps({"request": request, "idempotency_key": str(key)})
        job_id = str(job_id_of(tenant, key))
        ce_type = type_bytes_of(JobSubmitted)
        headers = binary_headers(
            key, SOURCE, ce_type, job_id, rfc3339(now), tenant=tenant, version=None, traceparent=None
        )
        while True:
            try:
                await self.producer.send_and_wait(SUBMITTED, value, key=job_id.encode(), headers=headers)
                return
            except KafkaError:
                self.retries += 1
                await asyncio.sleep(RETRY_S)

    async def _submit(self, key: UUID, chance: random.Random) -> None:
        """The same key again and again until the gateway has accepted it; now and then the job is withdrawn at once."""
        problem, lane, tier, seed = _problem(chance), _lane(chance), _tier(chance), chance.getrandbits(16)
        deadline, cancelled = self.clock.now() + FAR, chance.random() < CANCEL_SHARE
        while True:
            try:
                job = await self.client.submit(
                    problem, lane=lane, tier=tier, seed=seed, key=str(key), deadline=deadline
                )
                break
            except QueuebitError:
                self.retries += 1
                await asyncio.sleep(RETRY_S)
        if cancelled:
            try:
                await self.client.cancel(job.id, reason="chaos")
                self.cancels += 1
            except QueuebitError:
                self.retries += 1


def _problem(chance: random.Random) -> dict[str, object]:
    edges = [[at, (at + 1) % NODES, chance.randrange(1, 20)] for at in range(NODES)]
    return {"kind": "maxcut", "statement": {"nodes": NODES, "edges": edges}}


def _lane(chance: random.Random) -> LaneWish:
    return "simulator" if chance.random() < SIMULATOR_SHARE else chance.choice(("classical", "classical", "rule"))


def _tier(chance: random.Random) -> Tier:
    return "batch" if chance.random() < BATCH_SHARE else "interactive"
