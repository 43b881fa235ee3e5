"""`queuebit run`: one job through all five services in this process, on the memory ports. No server, no network."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.document import document_of
from queuebit_contracts.channels import LIFECYCLE
from queuebit_gateway.access.authentication import Role, row_of
from queuebit_runtime.bus.decoding import Received, sort_out
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Subscription
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import ProcessPool
from queuebit_store.directory.keys import make_key
from queuebit_store.memory import MemoryStore
from queuebit_workbench.world import PEPPER, World

TENANT = "local"
PROCESS_MEMORY_MAX_MB = 4096
COLD_GRACE_S = 120.0
"""Nothing is loaded before the one job is there: a machine that is busy and has read none of the SDK from its disk yet takes
half a minute and more for that, which is no part of the job's budget.
"""

Tell = Callable[[str, Mapping[str, Any]], None]


async def run_locally(body: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Take the job to its end and return its document; `tell` hears each event by name on the way.

    Raises the errors of `queuebit_client.errors` where the request is refused.
    """
    async with one_process(tell) as client:
        return await ended(client, body)


async def ended(client: AsyncQueuebit, body: Mapping[str, Any]) -> dict[str, Any]:
    """Submit, wait for the end, and return the document of the job."""
    job = await client.submit_body(body)
    return document_of(await client.wait(job.id))


@asynccontextmanager
async def one_process(tell: Tell) -> AsyncIterator[AsyncQueuebit]:
    """The five services in this process, and a client of theirs; `tell` hears each event by name."""
    async with one_world(tell) as (world, api_key):
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as client:
            yield client


@asynccontextmanager
async def one_world(
    tell: Tell, role: Role = "submitter", master_key_file: Path | None = None
) -> AsyncIterator[tuple[World, str]]:
    """The five services in this process, and the key of their one tenant; `tell` hears each event by name."""
    clock = SystemClock()
    ids = SystemIds(clock)
    pool = ProcessPool(max(1, os.cpu_count() or 1), PROCESS_MEMORY_MAX_MB)
    world = World(clock, ids, pool, master_key_file=master_key_file, grace_s=COLD_GRACE_S)
    await world.store().add_tenant(TENANT, clock.now())
    api_key = await new_key(world.store(), clock, role)
    listener = _listen(world, tell)
    try:
        await world.start()
        await listener.start()
        yield world, api_key
    finally:
        await listener.stop()
        await world.stop()
        await pool.close()


async def new_key(store: MemoryStore, clock: SystemClock, role: Role) -> str:
    """A key of the one tenant of this process."""
    now = clock.now()
    api_key = make_key(secrets.randbits(64), secrets.randbits(256))
    await store.add_key(row_of(api_key, PEPPER, TENANT, role, now, timedelta(days=1)))
    return api_key


def _listen(world: World, tell: Tell) -> MemoryBus:
    bus = MemoryBus(world.broker)

    async def on_delivery(delivery: Delivery) -> None:
        for item in sort_out(delivery.records, None)[0]:
            if isinstance(item, Received):
                name = type(item.envelope.data).__name__
                tell(name, item.envelope.data.model_dump(mode="json", exclude_none=True))
        delivery.done_all()

    bus.subscribe(Subscription((LIFECYCLE,), "listener", on_delivery, broadcast=True))
    return bus


def run_interruptible(body: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The same from a thread without a loop. Raises KeyboardInterrupt at SIGINT or SIGTERM, everything ended."""

    async def main() -> dict[str, Any]:
        task = asyncio.current_task()
        assert task is not None
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)
        return await run_locally(body, tell)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
