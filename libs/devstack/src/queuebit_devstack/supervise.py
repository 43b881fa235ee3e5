"""Our own services as child processes: started together, watched, killed and restarted on purpose, ended in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from queuebit_devstack.errors import ServiceFailed, ToolFailed, UnknownProcess
from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import Adopted, Child, child_env, end_processes, is_alive, run_tool, spawn, tail
from queuebit_devstack.ready import ask_ready
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import ProcessRecord
from queuebit_runtime.access.rules import PRINCIPALS

SERVICES = ("gateway", "control_plane", "quantum_adapter", "classical_solver", "result_validation")
READY_TIMEOUT_S = 120.0
STOP_GRACE_S = 15.0
PREPARE_TIMEOUT_S = 120.0
UPSTREAM_BYTES_PER_S = 2_000_000
"""A few thousand small questions a second, or a large one in two: about as much as one machine admits."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How one service is started. `health_port` answers `GET /ready` with 200 once it serves."""

    name: str
    argv: tuple[str, ...]
    health_port: int
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> str | None:
        """Who it is to Kafka: the service whose module it runs. What is no service of ours has no login there."""
        name = self.argv[-1].removeprefix("queuebit_").replace("_", "-")
        return name if name in PRINCIPALS else None


def service_specs(
    http_port: int, *, names: Sequence[str] = SERVICES, env: Mapping[str, str] | None = None
) -> tuple[ServiceSpec, ...]:
    """The specs of our services on free health ports, the gateway on `http_port`, all with `env` besides.

    Each is the one instance of its kind, so it is a static member of its groups: restarted after a crash it goes on at once,
    instead of after the session timeout of its former self.
    """
    extra = dict(env or {})
    return tuple(
        ServiceSpec(
            name,
            (sys.executable, "-m", f"queuebit_{name}"),
            port,
            {"QUEUEBIT_GROUP_INSTANCE": f"{name}-1", **extra}
            | ({"QUEUEBIT_HTTP_PORT": str(http_port), "QUEUEBIT_OPERATIONS": "true"} if name == "gateway" else {}),
        )
        for name, port in zip(names, free_ports(len(names)), strict=True)
    )


async def prepare(stack: Stack, env: Mapping[str, str] | None = None) -> None:
    """Bring the database's schema and the topics up to date, with `env` besides: those of a namespace, where it names one.

    Repeatable. Raises `ToolFailed`.
    """
    users = stack.passwords_file
    limit = ("--upstream-bytes-per-s", str(UPSTREAM_BYTES_PER_S))
    access = () if users is None else ("--acls", "--users", str(users), *limit)
    steps = {"the migrations": ("queuebit_store", "migrate"), "the topics": ("queuebit_runtime", "topics", *access)}
    results = await asyncio.gather(
        *(
            run_tool(
                [sys.executable, "-m", *words],
                env=child_env(stack.data_dir, stack.env() | dict(env or {})),
                timeout_s=PREPARE_TIMEOUT_S,
            )
            for words in steps.values()
        ),
        return_exceptions=True,
    )
    for step, result in zip(steps, results, strict=True):
        if isinstance(result, ToolFailed):
            raise ToolFailed(f"Preparing {step} failed: {result.message}") from result
        if isinstance(result, BaseException):
            raise result


class Supervisor:
    """The services of one stack. `async with` starts and stops them."""

    def __init__(
        self,
        stack: Stack,
        specs: Sequence[ServiceSpec],
        *,
        ready_timeout_s: float = READY_TIMEOUT_S,
        stop_grace_s: float = STOP_GRACE_S,
        log_dir: Path | None = None,
    ) -> None:
        """Nothing happens before `start`. `log_dir`: where the logs lie, `logs` in the data folder if it is not said."""
        self._stack = stack
        self._specs = {spec.name: spec for spec in specs}
        self._children: dict[str, Child | Adopted] = {}
        self._ready_timeout_s = ready_timeout_s
        self._stop_grace_s = stop_grace_s
        self._log_dir = log_dir or stack.data_dir / "logs"

    @property
    def names(self) -> tuple[str, ...]:
        """The services in the order of their start."""
        return tuple(self._specs)

    async def start(self) -> None:
        """Start all at once and return when all are ready; else end them. Raises `ServiceFailed` with log lines."""
        try:
            for name in self._specs:
                self._spawn(name)
            for name in self._specs:
                await self.wait_ready(name)
        except BaseException:
            await asyncio.shield(self.stop())
            raise

    async def wait_ready(self, name: str) -> None:
        """Return when the service answers that it is ready. Raises `ServiceFailed` with its last log lines."""
        spec, deadline = self._spec(name), time.monotonic() + self._ready_timeout_s
        while not await is_ready(spec.health_port):
            if (code := self._child(name).exit_code()) is not None:
                raise ServiceFailed(f"{name} ended with {code}. Its last lines:\n{self.last_lines(name)}")
            if time.monotonic() > deadline:
                raise ServiceFailed(
                    f"{name} was not ready after {self._ready_timeout_s:g} s. Its last lines:\n{self.last_lines(name)}"
                )
            await asyncio.sleep(_POLL_S)

    def send(self, name: str, how: signal.Signals) -> None:
        """Send a signal and wait for nothing: SIGSTOP and SIGCONT pause a service. Raises `UnknownProcess`."""
        os.kill(self.pid(name), how)

    async def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one service and wait until it has ended, at most the grace time; then it is killed."""
        child = self._child(name)
        await asyncio.to_thread(end_processes, [child.record], ask=how, grace_s=self._stop_grace_s)
        child.exit_code()

    async def restart(self, name: str) -> None:
        """Start one service again with the same spec, ending it first where it lives, and wait until it is ready."""
        if self.is_alive(name):
            await self.kill(name, signal.SIGTERM)
        self._spawn(name)
        await self.wait_ready(name)

    async def stop(self) -> None:
        """End all: SIGTERM to each, SIGKILL to what is left after the grace time. Repeatable."""
        records = [child.record for child in self._children.values()]
        await asyncio.to_thread(end_processes, records, ask=signal.SIGTERM, grace_s=self._stop_grace_s)
        for child in self._children.values():
            child.exit_code()

    def launch(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start one service that does not run, this time with `env` besides, and wait for nothing."""
        self._spawn(name, env)

    def adopt(self, process: ProcessRecord) -> None:
        """Take over a service that runs already, started by a supervisor that is gone."""
        self._children[self._spec(process.name).name] = Adopted(process)

    def exit_code(self, name: str) -> int | None:
        """How the service ended; none while it runs."""
        return self._child(name).exit_code()

    def is_alive(self, name: str) -> bool:
        """Whether the service's process runs."""
        return name in self._children and self._child(name).exit_code() is None and is_alive(self._child(name).record)

    def dead(self) -> tuple[str, ...]:
        """The services that were started and do not run now."""
        return tuple(name for name in self._children if not self.is_alive(name))

    async def watch(self) -> None:
        """Return never; raise `ServiceFailed` as soon as a service has ended."""
        while True:
            for name in self.dead():
                code = self._child(name).exit_code()
                raise ServiceFailed(f"{name} ended with {code}. Its last lines:\n{self.last_lines(name)}")
            await asyncio.sleep(0.25)

    def pid(self, name: str) -> int:
        """The process id. Raises `UnknownProcess`."""
        return self._child(name).record.pid

    def health_port(self, name: str) -> int:
        """Where the service answers `/live`, `/ready` and `/metrics`. Raises `UnknownProcess`."""
        return self._spec(name).health_port

    def log(self, name: str) -> Path:
        """The log file, which holds all runs of the service."""
        return self._log_dir / f"{self._spec(name).name}.log"

    def last_lines(self, name: str) -> str:
        """The last lines of the log."""
        return tail(self.log(name)) or "(it wrote nothing)"

    async def __aenter__(self) -> Supervisor:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _spawn(self, name: str, env: Mapping[str, str] | None = None) -> None:
        spec = self._spec(name)
        own = {"QUEUEBIT_HEALTH_PORT": str(spec.health_port), "PYTHONUNBUFFERED": "1", **spec.env, **(env or {})}
        child = spawn(
            name,
            spec.argv,
            marker=spec.argv[-1],
            log=self.log(name),
            env=child_env(self._stack.data_dir, self._stack.env(spec.principal) | own),
            port=spec.health_port,
        )
        self._children[name] = child
        self._stack.record(child.record)

    def _spec(self, name: str) -> ServiceSpec:
        try:
            return self._specs[name]
        except KeyError:
            raise UnknownProcess(f"There is no service {name}; there are: {', '.join(self._specs)}.") from None

    def _child(self, name: str) -> Child | Adopted:
        try:
            return self._children[self._spec(name).name]
        except KeyError:
            raise UnknownProcess(f"The service {name} was not started.") from None


async def is_ready(health_port: int) -> bool:
    """Whether `GET /ready` on the port is answered with 200."""
    return (await ask_ready(health_port))[0]
