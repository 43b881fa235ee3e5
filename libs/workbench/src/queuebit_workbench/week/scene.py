"""Where it happens: Kafka, PostgreSQL, a cloud of IBM on loopback and the five services, and who asks there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]

from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_devstack.credentials import TENANT, ensure_credentials, gateway_env
from queuebit_devstack.external import External
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare, service_specs
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.clock import Clock
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.clouds.beside import start_clouds
from queuebit_workbench.drill.asking import question
from queuebit_workbench.week.provider import ProviderDesk

SETTINGS = {"QUEUEBIT_QUANTUM_WORKERS_MAX": "1", "QUEUEBIT_QUANTUM_SIGN_INTERVAL_S": "5"}
"""One place for computations: who held it would hold up every other job of the adapter."""
ADAPTER = "quantum_adapter"
PAGE = 1000
BURST = 500


@dataclass
class Scene:
    """A running installation, and the ways to ask it."""

    stack: Stack
    services: Supervisor
    store: PostgresStore
    bus: KafkaBus
    desk: ProviderDesk
    clock: Clock
    numbers: Random = field(default_factory=lambda: Random(1))

    async def ask(self, request: dict[str, Any], count: int = 1) -> list[UUID]:
        """So many jobs of one sort, each with a seed of its own, as an upstream service asks for them."""
        made = [
            question(TENANT, {**request, "seed": self.numbers.getrandbits(31)}, self.clock, self.numbers)
            for _ in range(count)
        ]
        for at in range(0, count, BURST):
            await self.bus.publish([record for _, record in made[at : at + BURST]])
        return [job_id for job_id, _ in made]

    async def ended(self, job_ids: Sequence[UUID]) -> int:
        """How many of these have ended."""
        found = 0
        for at in range(0, len(job_ids), PAGE):
            heads = await self.store.heads(job_ids[at : at + PAGE])
            found += sum(row.head.state in TERMINAL_STATES for row in heads.values())
        return found

    def kill_workers(self) -> int:
        """Kill every process that the adapter has started; how many those were."""
        workers = psutil.Process(self.services.pid(ADAPTER)).children(recursive=True)
        for each in workers:
            each.kill()
        return len(workers)


@asynccontextmanager
async def opened_scene(folder: Path, clock: Clock) -> AsyncIterator[Scene]:
    """Everything started and ready, in a folder that is removed with it."""
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(await start_stack(folder, external=External(), remove=True))
        await prepare(stack)
        (port,) = free_ports(1)
        await ensure_credentials(stack, f"http://{LOOPBACK}:{port}")
        cloud = await start_clouds(stack, ["ibm"])
        store = await opened.enter_async_context(await PostgresStore.open(PostgresSettings(stack.postgres)))
        env = gateway_env(stack.data_dir) | cloud | SETTINGS
        services = await opened.enter_async_context(Supervisor(stack, service_specs(port, env=env)))
        bus = KafkaBus(KafkaSettings(stack.access(), client_id="week"))
        await bus.start()
        opened.push_async_callback(bus.stop)
        yield Scene(stack, services, store, bus, ProviderDesk(cloud["IAM_URL"]), clock)
