"""What `queuebit up` and `queuebit status` do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

from queuebit_devstack.credentials import ensure_credentials, gateway_env
from queuebit_devstack.kafka_users import OUTSIDERS, client_file
from queuebit_devstack.leftovers import is_server
from queuebit_devstack.ports import LOOPBACK, prefer_port
from queuebit_devstack.processes import is_alive
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.state import ProcessRecord, StackState, StateFile
from queuebit_devstack.supervise import SERVICES, Supervisor, prepare, service_specs

Say = Callable[[str], None]


async def bring_up(
    *, brokers: int, servers_only: bool, foreground: bool, http_port: int, say: Say, tls: bool = False
) -> None:
    """Start what is missing, say where it is, and leave it running; with `foreground` stay and end it after.

    Raises the errors of the stack and of the services; whatever this call started is ended then.
    """
    say("Starting Kafka and PostgreSQL …")
    stack = await start_stack(brokers=brokers, attach=not foreground, tls=tls)
    supervisor = Supervisor(stack, ())
    try:
        if not servers_only:
            supervisor = await _start_services(stack, http_port, say)
        if not foreground:
            stack.disown()
        _tell(stack, say, foreground=foreground)
        if foreground:
            await supervisor.watch()
    except BaseException:
        await asyncio.shield(supervisor.stop())
        if not stack.attached:
            await asyncio.shield(stack.stop())
        raise


async def _start_services(stack: Stack, http_port: int, say: Say) -> Supervisor:
    """Start the services that do not run yet, the gateway where it was before."""
    alive = {each.name for each in stack.state.processes if is_alive(each)}
    missing = [name for name in SERVICES if name not in alive]
    if not missing:
        return Supervisor(stack, ())
    say("Preparing the database and the topics …")
    await prepare(stack)
    wanted = urlsplit(stack.state.gateway).port or http_port if stack.state.gateway else http_port
    port = prefer_port(wanted) if "gateway" in missing else wanted
    say(f"Starting {', '.join(missing)} …")
    url = f"http://{LOOPBACK}:{port}"
    await ensure_credentials(stack, url)
    supervisor = Supervisor(stack, service_specs(port, names=missing, env=gateway_env(stack.data_dir)))
    await supervisor.start()
    stack.announce_gateway(url)
    return supervisor


def _tell(stack: Stack, say: Say, *, foreground: bool) -> None:
    say(f"Kafka       {stack.kafka}")
    say(f"PostgreSQL  {stack.postgres}")
    if stack.state.gateway:
        say(f"Gateway     {stack.state.gateway}")
    say(f"Data, logs  {stack.data_dir}")
    for user, path in client_files(stack.state, stack.data_dir).items():
        say(f"Kafka login of {user} services: {path}")
    say("Try: queuebit submit FILE --wait · queuebit list (this folder's key is used by itself)")
    say("Look around: queuebit status · queuebit logs [NAME] --follow")
    say("Stop: Ctrl-C" if foreground else "Stop: queuebit down")


def report(data_dir: Path) -> dict[str, Any]:
    """What runs in `data_dir`: the document of `queuebit status --json`. Raises `StateUnreadable`."""
    state = StateFile(data_dir).load()
    if state is None:
        return {"running": False, "kafka": None, "postgres": None, "gateway": None, "kafka_users": {}, "processes": []}
    processes = [_describe(each) for each in state.processes]
    return {
        "running": state.kafka is not None and all(each["alive"] for each in processes),
        "kafka": state.kafka,
        "postgres": state.postgres,
        "gateway": state.gateway,
        "kafka_users": client_files(state, data_dir),
        "processes": processes,
    }


def client_files(state: StackState, data_dir: Path) -> dict[str, str]:
    """Where an upstream and a downstream service find what they need to connect; empty where Kafka is not ours."""
    ours = any(each.name.startswith("kafka-") for each in state.processes)
    return {user: str(client_file(data_dir, user)) for user in OUTSIDERS} if ours else {}


def _describe(record: ProcessRecord) -> dict[str, Any]:
    alive = is_alive(record)
    return {
        "name": record.name,
        "kind": "server" if is_server(record) else "service",
        "alive": alive,
        "pid": record.pid,
        "port": record.port,
        "log": record.log,
        "rss_mb": rss_mb(record.pid) if alive else None,
    }


def rss_mb(pid: int) -> int:
    """Resident memory of a process and its descendants in MB; memory that they share is counted for each."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return int(sum(each.memory_info().rss for each in family) / 1e6)
    except psutil.NoSuchProcess:
        return 0
