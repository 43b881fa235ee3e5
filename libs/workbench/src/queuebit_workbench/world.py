"""The five services in one process, on the memory ports: what `queuebit run` uses, and what the simulation drives.

Each service is a member with a bus of its own and a session of its own on the one database, so that any of them can be stopped
or crashed and started again while the others go on. A service may run more than once: `control-plane/2` is a second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from starlette.types import ASGIApp

from queuebit_classical_solver.main import build_shell
from queuebit_classical_solver.shell.settings import SolverSettings
from queuebit_control_plane.app import ControlPlane
from queuebit_gateway.http.app import create_app
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.main import build_parts
from queuebit_gateway.read_model.payloads import Payloads
from queuebit_quantum_adapter.shell.app import QuantumAdapter
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_result_validation.main import build_validator
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes.bounded_work import BoundedWork
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import Pool
from queuebit_store.keys.opening import ring_over
from queuebit_store.keys.ring import KeyRing
from queuebit_store.memory import MemoryDatabase, MemoryStore

ServiceName = Literal["gateway", "control-plane", "quantum-adapter", "classical-solver", "result-validation"]
SERVICES: tuple[ServiceName, ...] = (
    "control-plane",
    "quantum-adapter",
    "classical-solver",
    "result-validation",
    "gateway",
)
PEPPER = b"one process, nobody else"

S = TypeVar("S", SolverSettings, AdapterSettings)
Stop = Callable[[], Awaitable[None]]
Run = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Ports:
    """What one member is given: its way to the broker, its session on the database, its clock."""

    bus: MemoryBus
    store: MemoryStore
    clock: Clock


@dataclass(slots=True)
class _Member:
    """A running service: its ports, its background task, and how it ends in good order."""

    ports: Ports
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
        hop: AnyHop = asyncio.to_thread,
        ports: Callable[[World, str], Ports] | None = None,
        poll_interval_s: float = 0.01,
        master_key_file: Path | None = None,
        grace_s: float | None = None,
    ) -> None:
        """`pool` runs heavy work; `hop` takes other work off the loop (a simulation calls directly). `ports` makes what a
        member is given, by its name; absent, plain ones. `master_key_file`: with it data of subjects is sealed. `grace_s`: how
        long past its budget work may take to load what it needs and to end, where the environment does not say it.
        """
        self.clock = clock
        self.broker = MemoryBroker(clock, seed=seed)
        self.database = MemoryDatabase(clock.monotonic_s)
        self.app: ASGIApp | None = None
        self.gateway: Parts | None = None
        self._ids = ids
        self._pool = pool
        self._hop = hop
        self._ports = ports or _plain_ports
        self._poll_interval_s = poll_interval_s
        self._members: dict[str, _Member] = {}
        self._master_key_file = master_key_file
        self._grace_s = grace_s

    def store(self) -> MemoryStore:
        """A new session on the database."""
        return MemoryStore(self.database)

    @property
    def running(self) -> tuple[str, ...]:
        """The members that were started and have neither stopped nor crashed since."""
        return tuple(self._members)

    def store_of(self, member: str) -> MemoryStore:
        """The session of a running member."""
        return self._members[member].ports.store

    async def start(self, *members: str) -> None:
        """Start these members, or one of each service."""
        for name in members or SERVICES:
            ports = self._ports(self, name)
            self._members[name] = member = _Member(ports)
            run = self._build(name, member)
            await ports.bus.start()
            if run is not None:
                member.task = asyncio.create_task(run(member.stopping), name=name)

    async def stop(self, *members: str, drain_s: float = 5.0) -> None:
        """Stop these members, or all, in good order. What a member raises at its end is raised here, when it has ended."""
        for name in members or tuple(self._members):
            member = self._members[name]
            self._close_door(name)
            member.stopping.set()
            try:
                if member.stop is not None:
                    await member.stop()
                if member.task is not None:
                    await member.task
            finally:
                await member.ports.bus.stop(drain_s)
                await member.ports.store.close()
                del self._members[name]

    async def crash(self, name: str) -> None:
        """End a member as SIGKILL would: nothing is drained, committed or released. It may be starting or stopping."""
        self._close_door(name)
        member = self._members.pop(name)
        if member.task is not None:
            member.task.cancel()
        await member.ports.bus.crash()
        if member.task is not None:
            await asyncio.gather(member.task, return_exceptions=True)

    def _close_door(self, name: str) -> None:
        """Where the member answers HTTP, nobody does from now on."""
        if name.partition("/")[0] == "gateway":
            self.app = self.gateway = None

    def _patient(self, settings: S) -> S:
        if self._grace_s is None or "grace_s" in settings.model_fields_set:
            return settings
        return settings.model_copy(update={"grace_s": self._grace_s})

    def _ring(self, store: MemoryStore) -> KeyRing | None:
        if self._master_key_file is None:
            return None
        clock, mint = self.clock, self._ids.mint
        return ring_over(store, self._master_key_file, monotonic_s=clock.monotonic_s, mint=mint)

    def _build(self, name: str, member: _Member) -> Run | None:
        bus, store, clock = member.ports.bus, member.ports.store, member.ports.clock
        ring = self._ring(store)
        service, _, number = name.partition("/")
        match service:
            case "control-plane":
                return ControlPlane(
                    store, bus, clock, holder=f"{name}/{self._ids.mint()}", work=BoundedWork(self._pool, self._pool)
                ).run
            case "classical-solver":
                settings = self._patient(SolverSettings())
                shell = build_shell(
                    bus, clock, self._pool, settings, worker_name=f"solver{number}", hop=self._hop, ring=ring
                )
                member.stop = shell.stop
                return None
            case "quantum-adapter":
                adapter = QuantumAdapter(
                    bus,
                    self._pool,
                    clock,
                    self._ids,
                    self._patient(AdapterSettings()),
                    worker_name=f"adapter{number}",
                    warm=False,
                    hop=self._hop,
                    open_kept=partial(_this, store),
                    ring=ring,
                )
                member.stop = adapter.stop
                return adapter.whole
            case "result-validation":
                build_validator(bus, clock, ValidationSettings(), hop=self._hop, ring=ring)
                return None
            case "gateway":
                parts = build_parts(
                    store,
                    store,
                    bus,
                    pepper=PEPPER,
                    clock=clock,
                    ids=self._ids,
                    poll_interval_s=self._poll_interval_s,
                    hop=self._hop,
                    work=BoundedWork(self._pool, self._pool),
                    payloads=Payloads(ring),
                )
                self.app, self.gateway = create_app(parts), parts

                async def let_go() -> None:
                    parts.tailer.close()

                member.stop = let_go
                return None
            case _:
                raise ValueError(f"There is no service {service!r}.")


async def _this(store: MemoryStore) -> MemoryStore:
    return store


def _plain_ports(world: World, _name: str) -> Ports:
    return Ports(MemoryBus(world.broker), world.store(), world.clock)
