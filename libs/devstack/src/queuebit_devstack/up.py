"""What `queuebit up` and `queuebit status` do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

from queuebit_devstack.credentials import CLIENT_FILE, ensure_credentials, gateway_env, write_operator_file
from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.external import DATA_DIR_DEFAULT
from queuebit_devstack.kafka_users import OUTSIDERS, client_file
from queuebit_devstack.keep import LOOK_INTERVAL_S, NAME, Keeper, write_specs
from queuebit_devstack.leftovers import is_server
from queuebit_devstack.notes import Note, notes_file, read_notes
from queuebit_devstack.ports import LOOPBACK, prefer_port
from queuebit_devstack.private import OPERATOR_FILE, masked
from queuebit_devstack.processes import Child, child_env, end_processes, is_alive, spawn, tail
from queuebit_devstack.ready import ask_ready
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.state import ProcessRecord, StackState, StateFile
from queuebit_devstack.supervise import (
    READY_TIMEOUT_S,
    SERVICES,
    STOP_GRACE_S,
    ServiceSpec,
    Supervisor,
    is_ready,
    prepare,
    service_specs,
)
from queuebit_devstack.watchers import WATCHERS
from queuebit_runtime.clock import SystemClock

Say = Callable[[str], None]
Step = Callable[[Stack], Awaitable[None]]
Beside = Callable[[Stack], Awaitable[Mapping[str, str]]]
"""Starts what runs beside the services, and says what they need in their environment to use it."""


async def bring_up(
    *,
    brokers: int,
    servers_only: bool,
    foreground: bool,
    http_port: int,
    say: Say,
    tls: bool = False,
    first: Step | None = None,
    check: Step | None = None,
    beside: Beside | None = None,
    last: Step | None = None,
) -> None:
    """Start what is missing, say where it is, and leave it running under a supervisor; with `foreground` stay, be the
    supervisor, and end it after. `first` is done when the servers are prepared, before a service starts; then, where one is
    missing, `check`, which may refuse; then `beside`, which services that run already would not hear of, so that they are
    not allowed; `last` when all is ready.

    Raises the errors of the stack and of the services; whatever this call started is ended then.
    """
    say("Starting Kafka and PostgreSQL …")
    stack = await start_stack(brokers=brokers, attach=not foreground, tls=tls)
    services = Supervisor(stack, ())
    keeper: Child | None = None
    try:
        write_operator_file(stack)
        if first is not None:
            await prepare(stack)
            await first(stack)
        if not servers_only:
            services, keeper = await _start_services(stack, http_port, say, check, beside, foreground=foreground)
        if last is not None:
            await last(stack)
        if not foreground:
            stack.disown()
        _tell(stack, say, foreground=foreground)
        if foreground:
            await Keeper(stack.data_dir, services, SystemClock()).run(asyncio.Event())
    except BaseException:
        await asyncio.shield(services.stop())
        if keeper is not None:
            await asyncio.to_thread(end_processes, [keeper.record], ask=signal.SIGTERM, grace_s=STOP_GRACE_S * 2)
        if not stack.attached:
            await asyncio.shield(stack.stop())
            (stack.data_dir / OPERATOR_FILE).unlink(missing_ok=True)
        raise


async def _start_services(
    stack: Stack, http_port: int, say: Say, check: Step | None, beside: Beside | None, *, foreground: bool
) -> tuple[Supervisor, Child | None]:
    """Start the services that do not run yet, the gateway where it was before, and the supervisor where there is none.

    Returns those that this process is to keep itself, and the supervisor that was started.
    """
    alive = {each.name: each for each in stack.state.processes if is_alive(each)}
    missing = [name for name in SERVICES if name not in alive]
    if beside is not None and (NAME in alive or len(missing) < len(SERVICES)):
        raise ServiceFailed("The services run already, and not beside what was asked for. Run queuebit down first.")
    if not missing and NAME in alive:
        return Supervisor(stack, ()), None
    say("Preparing the database and the topics …")
    await prepare(stack)
    if check is not None and missing:
        await check(stack)
    wanted = urlsplit(stack.state.gateway).port or http_port if stack.state.gateway else http_port
    port = prefer_port(wanted) if "gateway" in missing else wanted
    extra = {} if beside is None else await beside(stack)
    say(f"Starting {', '.join(missing or (NAME,))} …")
    url = f"http://{LOOPBACK}:{port}"
    await ensure_credentials(stack, url)
    specs = [
        replace(spec, health_port=alive[spec.name].port or spec.health_port) if spec.name in alive else spec
        for spec in service_specs(port, env={**gateway_env(stack.data_dir), **extra})
    ]
    keeper: Child | None = None
    services = Supervisor(stack, specs if foreground else ())
    if foreground:
        await services.start()
    else:
        keeper = await _hand_over(stack, specs, alive)
    stack.announce_gateway(url)
    return services, keeper


async def _hand_over(stack: Stack, specs: Sequence[ServiceSpec], alive: Mapping[str, ProcessRecord]) -> Child | None:
    """Let the supervisor start what is missing, and wait until all is ready. Raises `ServiceFailed`."""
    keeper: Child | None = None
    if NAME in alive:
        os.kill(alive[NAME].pid, signal.SIGHUP)
    else:
        notes_file(stack.data_dir).unlink(missing_ok=True)
        write_specs(stack.data_dir, specs)
        keeper = spawn(
            NAME,
            (sys.executable, "-m", "queuebit_devstack.keep", str(stack.data_dir)),
            marker="queuebit_devstack.keep",
            log=stack.data_dir / "logs" / f"{NAME}.log",
            env=child_env(stack.data_dir, {}),
        )
        stack.record(keeper.record)
    try:
        await _wait_ready(stack.data_dir, keeper)
    except BaseException:
        if keeper is not None:
            await asyncio.to_thread(end_processes, [keeper.record], ask=signal.SIGTERM, grace_s=STOP_GRACE_S * 2)
        raise
    return keeper


async def _wait_ready(data_dir: Path, keeper: Child | None) -> None:
    """Return when every service is ready. Raises `ServiceFailed` where one is not in time, or will not be."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        state = StateFile(data_dir).load()
        found = {each.name: each for each in state.processes if is_alive(each)} if state is not None else {}
        waited = [name for name in SERVICES if name not in found or not await is_ready(found[name].port or 0)]
        if not waited:
            return
        notes = read_notes(data_dir)
        lost = [name for name in waited if name in notes and notes[name].state in ("crash_loop", "given_up")]
        if keeper is not None and keeper.exit_code() is not None:
            raise ServiceFailed(f"The supervisor ended. Its last lines:\n{tail(Path(keeper.record.log or ''))}")
        if lost or time.monotonic() > deadline:
            name = (lost or waited)[0]
            said = notes[name].sentence if lost else f"was not ready after {READY_TIMEOUT_S:g} s"
            raise ServiceFailed(f"{name} {said}. Its last lines:\n{tail(data_dir / 'logs' / f'{name}.log')}")
        await asyncio.sleep(LOOK_INTERVAL_S)


def _tell(stack: Stack, say: Say, *, foreground: bool) -> None:
    say(f"Kafka       {stack.kafka}")
    say(f"PostgreSQL  {masked(stack.postgres)}")
    if stack.state.gateway:
        say(f"Gateway     {stack.state.gateway}")
        say(f"Console     {stack.state.gateway}/console/ (open it, with its key: queuebit console)")
    say(f"Data, logs  {stack.data_dir}")
    for user, path in client_files(stack.state, stack.data_dir).items():
        say(f"Kafka login of {user} services: {path}")
    found_by_itself = stack.data_dir == Path.cwd() / DATA_DIR_DEFAULT
    whose = "this folder's key is used by itself" if found_by_itself else f"URL and key: {stack.data_dir / CLIENT_FILE}"
    say(f"Try: queuebit submit FILE --wait · queuebit list ({whose})")
    say("Look around: queuebit status · queuebit logs [NAME] --follow · queuebit ops status")
    say("Stop: Ctrl-C" if foreground else "Stop: queuebit down")


NOTHING: dict[str, Any] = {
    "running": False,
    "ready": False,
    "kafka": None,
    "postgres": None,
    "gateway": None,
    "kafka_users": {},
    "processes": [],
}


async def report(data_dir: Path) -> dict[str, Any]:
    """What runs in `data_dir`, and whether work can flow: the document of `queuebit status --json`. Who only watches is
    told of, and stops no work.

    Raises `StateUnreadable`.
    """
    state = StateFile(data_dir).load()
    if state is None:
        return {**NOTHING}
    notes = read_notes(data_dir)
    processes = list(await asyncio.gather(*(_describe(each, notes.get(each.name)) for each in state.processes)))
    needed = [each for each in processes if each["name"] not in WATCHERS]
    running = state.kafka is not None and all(each["alive"] for each in needed)
    return {
        "running": running,
        "ready": running and all(each["ready"] is not False for each in needed),
        "kafka": state.kafka,
        "postgres": None if state.postgres is None else masked(state.postgres),
        "gateway": state.gateway,
        "kafka_users": client_files(state, data_dir),
        "processes": processes,
    }


def client_files(state: StackState, data_dir: Path) -> dict[str, str]:
    """Where an upstream and a downstream service find what they need to connect; empty where Kafka is not ours."""
    ours = any(each.name.startswith("kafka-") for each in state.processes)
    return {user: str(client_file(data_dir, user)) for user in OUTSIDERS} if ours else {}


async def _describe(record: ProcessRecord, note: Note | None) -> dict[str, Any]:
    alive = is_alive(record)
    is_service = record.name in SERVICES
    ready, reasons = await ask_ready(record.port) if alive and is_service and record.port else (False, ())
    return {
        "name": record.name,
        "kind": _kind(record),
        "alive": alive,
        "ready": ready if is_service else None,
        "reasons": list(reasons),
        "supervision": None if note is None else {**asdict(note), "sentence": note.sentence},
        "pid": record.pid,
        "port": record.port,
        "log": record.log,
        "rss_mb": rss_mb(record.pid) if alive else None,
    }


def _kind(record: ProcessRecord) -> str:
    if is_server(record):
        return "server"
    if record.name in SERVICES:
        return "service"
    if record.name in WATCHERS:
        return "watcher"
    return "supervisor" if record.name == NAME else "beside"


def rss_mb(pid: int) -> int:
    """Resident memory of a process and its descendants in MB; memory that they share is counted for each."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return int(sum(each.memory_info().rss for each in family) / 1e6)
    except psutil.NoSuchProcess:
        return 0
