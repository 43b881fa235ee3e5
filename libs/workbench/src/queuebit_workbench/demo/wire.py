"""How the demonstration speaks to the stack from outside: as an upstream service on Kafka, over HTTP, and as a dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts import events as ev
from queuebit_contracts.channels import LIFECYCLE, SUBMITTED
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.errors import ContractError
from queuebit_contracts.ids import job_id_of
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_workbench.demo.jobs import DemoJob

SOURCE = "/demo/route-planning"


async def publish(access: KafkaAccess, jobs: Sequence[DemoJob], clock: Clock, ids: Ids) -> None:
    """Publish JobSubmitted as any upstream service would. The job id follows from tenant and key, so it is known at once."""
    async with AIOKafkaProducer(**client_options(access), acks="all", enable_idempotence=True) as producer:
        sent = []
        for job in jobs:
            key = ids.mint()
            job.job_id = job_id_of(job.request.tenant, key)
            event = ev.JobSubmitted(request=job.request, idempotency_key=str(key))
            envelope = Envelope(ids.mint(), SOURCE, str(job.job_id), clock.now(), event, tenant=job.request.tenant)
            sent.append(
                await producer.send(
                    SUBMITTED, encode_data(event), key=envelope.subject.encode(), headers=encode_headers(envelope)
                )
            )
        await asyncio.gather(*sent)


async def submit(url: str, api_key: str, jobs: Sequence[DemoJob]) -> None:
    """Submit over HTTP as an application would."""
    async with AsyncQueuebit(url, api_key) as client:
        for job in jobs:
            request = job.request
            accepted = await client.submit(
                request.problem.model_dump(), lane=request.lane, budget_s=request.budget_s, seed=request.seed
            )
            job.job_id = UUID(str(accepted.id))


async def follow(access: KafkaAccess, hear: Callable[[UUID, Data], None], ready: asyncio.Event) -> None:
    """Tell every event of every job, from now on, until cancelled."""
    consumer = AIOKafkaConsumer(LIFECYCLE, **client_options(access), auto_offset_reset="earliest")
    async with consumer:
        ready.set()
        async for record in consumer:
            try:
                envelope = decode(record.headers, record.value)
            except ContractError:
                continue
            hear(envelope.job_id, envelope.data)
