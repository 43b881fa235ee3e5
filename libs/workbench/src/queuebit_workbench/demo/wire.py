"""How the demonstration speaks to the stack from outside: as an upstream service on Kafka, over HTTP, and as a dashboard.

On Kafka it is a service of its own, as others would write it: with FastStream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.faststream import Unreadable, as_message, event_decoder, event_parser
from queuebit_contracts import events as ev
from queuebit_contracts.channels import LIFECYCLE, SUBMITTED
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.ids import job_id_of
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_workbench.demo.jobs import DemoJob

SOURCE = "/demo/route-planning"


async def publish(access: KafkaAccess, jobs: Sequence[DemoJob], clock: Clock, ids: Ids) -> None:
    """Publish JobSubmitted as any upstream service would. The job id follows from tenant and key, so it is known at once."""
    async with broker_of(access) as broker:
        await broker.start()
        sent = []
        for job in jobs:
            key = ids.mint()
            job.job_id = job_id_of(job.request.tenant, key)
            event = ev.JobSubmitted(request=job.request, idempotency_key=str(key))
            envelope = Envelope(ids.mint(), SOURCE, str(job.job_id), clock.now(), event, tenant=job.request.tenant)
            sent.append(broker.publish(**as_message(envelope), topic=SUBMITTED))
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
    async with broker_of(access, publishes=False) as broker:

        @broker.subscriber(
            LIFECYCLE,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=event_parser,
            decoder=event_decoder,
        )
        async def on_event(event: Envelope | Unreadable) -> None:
            if isinstance(event, Envelope):
                hear(event.job_id, event.data)

        await broker.start()
        ready.set()
        await asyncio.Event().wait()


def broker_of(access: KafkaAccess, *, publishes: bool = True) -> KafkaBroker:
    """A broker of FastStream that reaches Kafka by these settings: with SCRAM, PLAIN or no login, over TLS or not.

    `publishes`: absent, it only reads, as a downstream service may.
    """
    options = client_options(access)
    tls = options.get("ssl_context")
    security = BaseSecurity(ssl_context=tls)
    if access.uses_sasl:
        logins = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
        login = logins[access.kafka_sasl_mechanism]
        security = login(options["sasl_plain_username"], options["sasl_plain_password"], ssl_context=tls)
    # Messages are checked by their decoder, and not cast again.
    return KafkaBroker(
        options["bootstrap_servers"],
        security=security,
        acks="all",
        enable_idempotence=publishes,
        consumer_only=not publishes,
        apply_types=False,
        logger=None,
    )
