"""Where it happens: three brokers, PostgreSQL, several control planes, workers and a gateway, kept running as in production."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_devstack.credentials import ensure_credentials, gateway_env
from queuebit_devstack.external import External
from queuebit_devstack.keep import Keeper
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import ServiceSpec, Supervisor, prepare, service_specs
from queuebit_runtime.access.rules import UPSTREAM
from queuebit_runtime.access.settings import client_options
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.chaos.load import TENANTS
from queuebit_workbench.faults.services import with_own_clock

BROKERS = 3
SETTINGS = {"QUEUEBIT_SESSION_TIMEOUT_S": "6"}
READY_WITHIN_S = 180.0
"""A service that starts while servers come back waits for them, beside everything else that does."""
SPARE = ("classical_solver-2", "result_validation-2")
"""They join and leave while the groups are in a storm."""


@dataclass
class Arena:
    """All that can break, and the two ways to ask."""

    stack: Stack
    services: Supervisor
    keeper: Keeper
    clock: Clock
    producer: AIOKafkaProducer
    """Of an upstream service."""
    admin: AIOKafkaProducer
    """Of somebody who may write anything."""
    client: AsyncQueuebit
    _keeping: asyncio.Task[None] | None = None

    @property
    def crew(self) -> tuple[str, ...]:
        """The services that always run."""
        return tuple(each for each in self.services.names if each not in SPARE)

    def begin_keeping(self) -> None:
        """What ends from now on is started again."""
        self._keeping = asyncio.create_task(self.keeper.run(asyncio.Event()))

    async def end_keeping(self) -> None:
        """What ends from now on stays down."""
        await end_task(self._keeping)
        self._keeping = None

    @asynccontextmanager
    async def without(self, names: Sequence[str]) -> AsyncIterator[None]:
        """These services are stopped meanwhile."""
        await self.end_keeping()
        try:
            for name in names:
                if self.services.is_alive(name):
                    await self.services.kill(name, signal.SIGTERM)
            yield
        finally:
            for name in names:
                self.services.launch(name)
            self.begin_keeping()


@asynccontextmanager
async def opened_arena(folder: Path, clock: Clock, *, control_planes: int) -> AsyncIterator[Arena]:
    """Everything started and ready, in a folder that is removed with it."""
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(
            await start_stack(folder, brokers=BROKERS, external=External(), remove=True)
        )
        await prepare(stack)
        (port,) = free_ports(1)
        url = f"http://{LOOPBACK}:{port}"
        key = (await ensure_credentials(stack, url)).api_key
        async with await PostgresStore.open(PostgresSettings(stack.postgres)) as store:
            for tenant in TENANTS:
                await store.add_tenant(tenant, clock.now())
        specs = with_own_clock(stack.data_dir, _specs(stack, port, control_planes))
        services = Supervisor(stack, specs, ready_timeout_s=READY_WITHIN_S)
        opened.push_async_callback(services.stop)
        producer = await opened.enter_async_context(_producer(stack, UPSTREAM))
        admin = await opened.enter_async_context(_producer(stack, "admin"))
        client = await opened.enter_async_context(AsyncQueuebit(url, key))
        keeper = Keeper(stack.data_dir, services, clock)
        arena = Arena(stack, services, keeper, clock, producer, admin, client)
        for name in arena.crew:
            services.launch(name)
        for name in arena.crew:
            await services.wait_ready(name)
        arena.begin_keeping()
        try:
            yield arena
        finally:
            await arena.end_keeping()


def _producer(stack: Stack, user: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **client_options(stack.access(user)),
        acks="all",
        enable_idempotence=True,
        max_request_size=RECORD_BYTES_MAX,
        request_timeout_ms=10_000,
    )


def _specs(stack: Stack, port: int, control_planes: int) -> tuple[ServiceSpec, ...]:
    env = gateway_env(stack.data_dir) | SETTINGS
    more = [f"control_plane-{number}" for number in range(2, control_planes + 1)]
    others = (*more, *SPARE)
    return (
        *service_specs(port, env=env),
        *(
            ServiceSpec(
                name,
                (sys.executable, "-m", f"queuebit_{name.partition('-')[0]}"),
                health,
                {**env, "QUEUEBIT_GROUP_INSTANCE": name},
            )
            for name, health in zip(others, free_ports(len(others)), strict=True)
        ),
    )
