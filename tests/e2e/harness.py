"""The five services as processes on real servers, and the ways in and out that a test needs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.ids import job_id_of
from queuebit_contracts.jobs import TERMINAL_NAMES, JobRequest
from queuebit_devstack.credentials import TENANT, create_key, ensure_credentials, gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor, prepare, service_specs
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_store.postgres import PostgresStore, settings_from
from tests.builders import a_request

WAIT_S = 90.0
OUTCOMES = (channels.COMPLETED, channels.FAILED)

clock = SystemClock()
ids = SystemIds(clock)


@dataclass
class Platform:
    """Running services, and everything that came out of them so far."""

    stack: Stack
    supervisor: Supervisor
    url: str
    api_key: str
    producer: Any
    store: PostgresStore
    ended: dict[UUID, list[Data]] = field(default_factory=dict)
    undone: dict[UUID, list[Data]] = field(default_factory=dict)
    letters: dict[str, list[Any]] = field(default_factory=dict)
    prefix: str = ""

    async def publish(self, requests: Iterable[JobRequest], *, key: str | None = None) -> list[UUID]:
        """Publish JobSubmitted as an upstream service; the job ids in order."""
        job_ids, sent = [], []
        for request in requests:
            minted = ids.mint()
            job_id = job_id_of(request.tenant, minted)
            event = ev.JobSubmitted(request=request, idempotency_key=key or str(minted))
            envelope = Envelope(ids.mint(), "/upstream", str(job_id), clock.now(), event)
            sent.append(await self.send(channels.SUBMITTED, encode_headers(envelope), encode_data(event), str(job_id)))
            job_ids.append(job_id)
        await asyncio.gather(*sent)
        return job_ids

    async def send(self, topic: str, headers: list[tuple[str, bytes]], value: bytes | None, key: str = "k") -> Any:
        """Hand one record to the producer; returns the future of its acknowledgement."""
        return await self.producer.send(self.prefix + topic, value, key=key.encode(), headers=headers)

    async def outcomes(self, job_ids: Sequence[UUID]) -> list[Data]:
        """The terminal event of each job, once every one has at least one."""
        await eventually(lambda: all(job_id in self.ended for job_id in job_ids), f"{len(job_ids)} jobs end")
        return [self.ended[job_id][0] for job_id in job_ids]

    async def settled(self, job_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
        """The stored event names of each job."""
        return {job_id: [event.type for event in found] for job_id, found in (await self.store.load(job_ids)).items()}


async def eventually(holds: Any, what: str, *, timeout_s: float = WAIT_S) -> None:
    """Wait until `holds()`; fail with the sentence where it never does."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        await asyncio.sleep(0.05)


def control_plane_spec(number: int, env: Mapping[str, str]) -> ServiceSpec:
    """One more control plane beside the first."""
    (port,) = free_ports(1)
    name = f"control_plane-{number}"
    return ServiceSpec(
        name, (sys.executable, "-m", "queuebit_control_plane"), port, {**env, "QUEUEBIT_GROUP_INSTANCE": name}
    )


@asynccontextmanager
async def platform(
    stack: Stack, *, namespace: str = "", env: Mapping[str, str] | None = None, control_planes: int = 1
) -> AsyncIterator[Platform]:
    """Start everything on the servers of the session, and stop it in the end.

    In a namespace of its own it shares no topic, group, table or log with the others; `env` goes to every service.
    """
    extra = {**(env or {}), **({"QUEUEBIT_NAMESPACE": namespace} if namespace else {})}
    await prepare(stack, extra)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    api_key = await create_key(stack, extra) if namespace else (await ensure_credentials(stack, url)).api_key
    specs = service_specs(port, env=gateway_env(stack.data_dir) | extra)
    specs += tuple(control_plane_spec(number, extra) for number in range(2, control_planes + 1))
    store = await PostgresStore.open(settings_from({**stack.env(), **extra}))
    prefix = f"{namespace}." if namespace else ""
    letters = [each.topic for each in channels.CHANNELS if channels.is_dead_letter(each.topic)]
    topics = [prefix + topic for topic in (*OUTCOMES, channels.COMPENSATIONS, *letters)]
    consumer = AIOKafkaConsumer(*topics, **stack.client(), auto_offset_reset="earliest")
    producer = AIOKafkaProducer(**stack.client(), acks="all", enable_idempotence=True, max_request_size=4_500_000)
    log_dir = stack.data_dir / "logs" / namespace
    async with Supervisor(stack, specs, log_dir=log_dir) as supervisor, producer, consumer:
        running = Platform(stack, supervisor, url, api_key, producer, store, prefix=prefix)
        reader = asyncio.create_task(_read(consumer, running))
        try:
            yield running
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await store.close()


async def _read(consumer: Any, running: Platform) -> None:
    async for record in consumer:
        topic = record.topic.removeprefix(running.prefix)
        if topic in (*OUTCOMES, channels.COMPENSATIONS):
            envelope = decode(record.headers, record.value)
            told = running.ended if topic in OUTCOMES else running.undone
            told.setdefault(envelope.job_id, []).append(envelope.data)
        else:
            running.letters.setdefault(topic, []).append(record)


def trivial(count: int, **changes: Any) -> list[JobRequest]:
    """So many small classical jobs."""
    return [a_request(tenant=TENANT, seed=number, **changes) for number in range(count)]


def assert_once_each(stories: dict[UUID, list[str]], job_ids: Sequence[UUID]) -> None:
    """Every job is there, began once and ended once."""
    assert set(stories) == set(job_ids)
    for story in stories.values():
        counted = Counter(story)
        ends = sum(counted[name] for name in TERMINAL_NAMES)
        assert (counted["JobSubmitted"], ends) == (1, 1), story
        assert story[-1] in TERMINAL_NAMES, story
