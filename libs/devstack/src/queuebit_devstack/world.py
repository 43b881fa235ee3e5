"""The five services in one process, on the memory ports: what `queuebit run` uses, and what the simulation drives.

Each service is a member with a bus of its own and a session of its own on the one database, so that any of them can be stopped
or crashed and started again while the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import ASGIApp

from queuebit_classical_solver.main import build_shell
from queuebit_classical_solver.settings import SolverSettings
from queuebit_control_plane.app import ControlPlane
from queuebit_gateway.app import create_app
from queuebit_gateway.main import build_parts
from queuebit_quantum_adapter.app import QuantumAdapter
from queuebit_quantum_adapter.settings import AdapterSettings
from queuebit_result_validation.main import build_validator
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.bus_memory import MemoryBroker, MemoryBus
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes import Pool
from queuebit_runtime.worker import Hop
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore

ServiceName = Literal["gateway", "control-plane", "quantum-adapter", "classical-solver", "result-validation"]
SERVICES: tuple[ServiceName, ...] = (
    "control-plane",
    "quantum-adapter",
    "classical-solver",
    "result-validation",
    "gateway",
)
PEPPER = b"one process, nobody else"

Stop = Callable[[], Awaitable[None]]
Run = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class _Member:
    """A running service: its bus, its background task, and how it ends in good order."""

    bus: MemoryBus
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    stop: Stop | None = None


class World:
    """The broker, the database and the services that run on them."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        pool: Pool,
        *,
        seed: int = 0,
        hop: Hop = asyncio.to_thread,
        hooks: Hooks | None = None,
        poll_interval_s: float = 0.01,
    ) -> None:
        """`pool` runs heavy work; `hop` runs a batch of small work off the loop (a simulation calls directly)."""
        self.clock = clock
        self.broker = MemoryBroker(clock, seed=seed)
        self.database = MemoryDatabase()
        self.app: ASGIApp | None = None
        self._ids = ids
        self._pool = pool
        self._hop = hop
        self._hooks = hooks
        self._poll_interval_s = poll_interval_s
        self._members: dict[ServiceName, _Member] = {}

    def store(self) -> MemoryStore:
        """A new session on the database."""
        return MemoryStore(self.database, hooks=self._hooks)

    @property
    def running(self) -> tuple[ServiceName, ...]:
        return tuple(self._members)

    async def start(self, *names: ServiceName) -> None:
        """Start these services, or all."""
        for name in names or SERVICES:
            member = _Member(MemoryBus(self.broker))
            self._members[name] = member
            run = self._build(name, member)
            await member.bus.start()
            if run is not None:
                member.task = asyncio.create_task(run(member.stopping), name=name)

    async def stop(self, *names: ServiceName, drain_s: float = 5.0) -> None:
        """Stop these services, or all, in good order."""
        for name in names or tuple(self._members):
            member = self._members.pop(name)
            member.stopping.set()
            if member.stop is not None:
                await member.stop()
            if member.task is not None:
                await member.task
            await member.bus.stop(drain_s)

    async def crash(self, name: ServiceName) -> None:
        """End a service as SIGKILL would: nothing is drained, committed or released."""
        member = self._members.pop(name)
        await member.bus.crash()
        if member.task is not None:
            member.task.cancel()
            await asyncio.gather(member.task, return_exceptions=True)

    def _build(self, name: ServiceName, member: _Member) -> Run | None:
        match name:
            case "control-plane":
                return ControlPlane(self.store(), member.bus, self.clock).run
            case "classical-solver":
                settings = SolverSettings()
                shell = build_shell(member.bus, self.clock, self._pool, settings, worker_name="solver", hop=self._hop)
                member.stop = shell.stop
                return None
            case "quantum-adapter":
                adapter = QuantumAdapter(
                    member.bus,
                    self._pool,
                    self.clock,
                    self._ids,
                    AdapterSettings(),
                    worker_name="adapter",
                    warm=False,
                )
                member.stop = adapter.stop
                return adapter.run
            case "result-validation":
                build_validator(member.bus, self.clock, ValidationSettings())
                return None
            case "gateway":
                store = self.store()
                parts = build_parts(
                    store,
                    store,
                    member.bus,
                    pepper=PEPPER,
                    clock=self.clock,
                    ids=self._ids,
                    poll_interval_s=self._poll_interval_s,
                )
                self.app = create_app(parts)
                return None
