"""Kafka and PostgreSQL together: started at once, recorded in one state file, ended without a trace."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from queuebit_devstack.errors import DevstackError, StackBusy, UnknownProcess
from queuebit_devstack.external import External, default_data_dir
from queuebit_devstack.jars import ensure_jars
from queuebit_devstack.java import find_java
from queuebit_devstack.kafka import READY_TIMEOUT_S, KafkaCluster, plan_nodes, wait_kafka
from queuebit_devstack.kafka_tls import tls_files
from queuebit_devstack.kafka_users import ADMIN, access_as, load_passwords, passwords_file
from queuebit_devstack.leftovers import LOCK_TIMEOUT_S, Standing, end_all, look
from queuebit_devstack.ports import free_ports
from queuebit_devstack.postgres import PostgresServer, wait_postgres
from queuebit_devstack.private import private_folder
from queuebit_devstack.processes import Child, end_processes, own_record
from queuebit_devstack.state import ProcessRecord, StackState, StateFile
from queuebit_runtime.access.settings import KafkaAccess, access_env, client_options


class Stack:
    """Running servers. `async with` stops them; so does the guard when this process ends in any other way."""

    def __init__(
        self, data_dir: Path, state: StackState, *, remove: bool = False, kafka: KafkaAccess | None = None
    ) -> None:
        """Use `start_stack`."""
        self.data_dir = data_dir
        self.state = state
        self._file = StateFile(data_dir)
        self._remove = remove
        self._children: dict[str, Child] = {}
        self._guard: subprocess.Popen[bytes] | None = None
        self._cluster: KafkaCluster | None = None
        self._database: PostgresServer | None = None
        self._external = kafka

    @property
    def kafka(self) -> str:
        """The bootstrap list, `host:port,host:port`."""
        assert self.state.kafka is not None
        return self.state.kafka

    @property
    def postgres(self) -> str:
        """The database's URL, `postgresql://…`."""
        assert self.state.postgres is not None
        return self.state.postgres

    @property
    def database(self) -> PostgresServer:
        """The database that was started here. Raises `UnknownProcess`."""
        if self._database is None:
            raise UnknownProcess("PostgreSQL was not started here.")
        return self._database

    @property
    def attached(self) -> bool:
        """Whether this is a stack that ran before, started by another process."""
        return self.state.owner is None

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers that were started here: `postgres`, `kafka-1`, …; none of those taken by URL."""
        return tuple(self._children)

    @property
    def passwords_file(self) -> Path | None:
        """Where the passwords of Kafka's users lie; none where Kafka was taken by URL."""
        return passwords_file(self.data_dir) if self._external is None else None

    def access(self, user: str | None = ADMIN) -> KafkaAccess:
        """How `user` reaches Kafka; none has no login. On one that was taken by URL everybody is who the environment says."""
        if self._external is not None:
            return self._external
        if user is None:
            return KafkaAccess(kafka=self.kafka)
        passwords, ca = load_passwords(self.data_dir), tls_files(self.data_dir).ca
        return access_as(self.kafka, user, passwords, ca if self.state.kafka_tls else None)

    def client(self, user: str | None = ADMIN) -> dict[str, Any]:
        """The keyword arguments of a stock aiokafka client that speaks to Kafka as `user`."""
        return client_options(self.access(user))

    def env(self, user: str | None = ADMIN) -> dict[str, str]:
        """What a process that is `user` needs to find the servers, and where artifacts are kept."""
        artifacts = os.environ.get("QUEUEBIT_ARTIFACTS") or str(self.data_dir / "artifacts")
        servers = {"QUEUEBIT_POSTGRES": self.postgres, "QUEUEBIT_ARTIFACTS": artifacts}
        return {**access_env(self.access(user)), **servers}

    def record(self, process: ProcessRecord) -> None:
        """Write a process of this stack into the state file, so that it never survives the stack."""
        self._change(lambda state: state.with_process(process))

    def announce_gateway(self, url: str) -> None:
        """Write the gateway's URL into the state file, where the command line finds it."""
        self._change(lambda state: replace(state, gateway=url))

    def disown(self) -> None:
        """Let the stack run on when this process ends; `queuebit down` ends it."""
        self._change(lambda state: replace(state, owner=None))
        self._dismiss_guard()

    def pid(self, server: str) -> int:
        """The process id of a server. Raises `UnknownProcess`."""
        return self._child(server).record.pid

    def send(self, server: str, how: signal.Signals) -> None:
        """Send a signal and wait for nothing: SIGSTOP and SIGCONT pause a server. Raises `UnknownProcess`."""
        os.kill(self.pid(server), how)

    async def kill(self, server: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one server and wait until it has ended."""
        record = self._child(server).record
        await asyncio.to_thread(end_processes, [record], ask=how, grace_s=15.0)
        self._child(server).exit_code()

    def exit_code(self, server: str) -> int | None:
        """How a server ended; none while it runs. Raises `UnknownProcess`."""
        return self._child(server).exit_code()

    async def restart(self, *servers: str, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Start servers again on their old ports and files, together; wait until the whole answers, Kafka in time."""
        for server in servers:
            self._child(server)
        if "postgres" in servers:
            child = self.database.spawn()
            self._adopt(child)
            await self.database.wait_ready(child)
        if nodes := [] if self._cluster is None else [each for each in self._cluster.nodes if each.name in servers]:
            assert self._cluster is not None
            for node in nodes:
                self._adopt(self._cluster.spawn_node(node))
            children = [self._child(each.name) for each in self._cluster.nodes]
            await wait_kafka(self.access(), children, timeout_s)

    async def stop(self) -> None:
        """End everything that was started here, services first, and forget the stack. Repeatable."""
        await asyncio.to_thread(self._end)

    async def __aenter__(self) -> Stack:
        """The stack itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _end(self) -> None:
        end_all(self.data_dir, self.state.processes, at_once=self._remove)
        for child in self._children.values():
            child.exit_code()
        if self._remove:
            shutil.rmtree(self.data_dir, ignore_errors=True)
        self._file.remove(self.state.stack_id)
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        """Let the guard look once more and end: it finds the stack gone, or disowned."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(LOCK_TIMEOUT_S)
            self._guard = None

    def _change(self, change: Callable[[StackState], StackState]) -> None:
        """Change what the file says now: the supervisor writes its processes there too."""
        found = self._file.load()
        self._save(change(self.state if found is None or found.stack_id != self.state.stack_id else found))

    def _save(self, state: StackState) -> None:
        self.state = state
        self._file.save(state)

    def _child(self, server: str) -> Child:
        try:
            return self._children[server]
        except KeyError:
            names = ", ".join(self._children) or "none"
            raise UnknownProcess(f"No server {server} was started here; there are: {names}.") from None

    def _adopt(self, child: Child) -> None:
        self._children[child.record.name] = child
        self.record(child.record)

    def _start_guard(self) -> None:
        """Start the process that cleans up after us. It is told by the end of its input."""
        words = ["-m", "queuebit_devstack.guard", str(self.data_dir), self.state.stack_id]
        self._guard = subprocess.Popen(
            [sys.executable, *words, *(["--remove"] if self._remove else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def _start_postgres(self, url: str | None) -> None:
        if url is not None:
            await wait_postgres(url)
            self._save(replace(self.state, postgres=url))
            return
        self._database = PostgresServer(self.data_dir, free_ports(1)[0])
        await self._database.prepare()
        child = self._database.spawn()
        self._adopt(child)
        await self._database.wait_ready(child)
        self._save(replace(self.state, postgres=self._database.url))

    async def _start_kafka(self, external: KafkaAccess | None, brokers: int, *, tls: bool) -> None:
        if external is not None:
            await wait_kafka(external, (), timeout_s=30.0)
            self._external = external
            self._save(replace(self.state, kafka=external.kafka))
            return
        java, jars = await asyncio.to_thread(find_java), await asyncio.to_thread(ensure_jars)
        self._cluster = KafkaCluster(self.data_dir, plan_nodes(self.data_dir, brokers), java, jars, tls=tls)
        await self._cluster.prepare()
        for node in self._cluster.nodes:
            self._adopt(self._cluster.spawn_node(node))
        await wait_kafka(self._cluster.access(ADMIN), [self._child(node.name) for node in self._cluster.nodes])
        self._save(replace(self.state, kafka=self._cluster.bootstrap, kafka_tls=tls))


async def start_stack(
    data_dir: Path | None = None,
    *,
    brokers: int = 1,
    external: External | None = None,
    kafka: bool = True,
    postgres: bool = True,
    attach: bool = False,
    remove: bool = False,
    tls: bool = False,
) -> Stack:
    """Start what is not there yet and return when Kafka and PostgreSQL answer real requests.

    `external` (default: from the environment) names servers that run already; `kafka=False` or `postgres=False` goes
    without that server. Leftovers of a crashed run in `data_dir` are ended first. The stack ends with this process,
    however that ends, unless it is disowned. With `attach`, a disowned stack that runs already is returned as it is.
    With `remove`, the data goes when the stack ends. A Kafka that is started here asks for a login; with `tls` it speaks TLS,
    with certificates of its own.

    Nothing is left running when this fails or is cancelled. Raises `StackBusy` and the errors of the servers.
    """
    data_dir = (data_dir or default_data_dir()).resolve()
    external = External.from_env() if external is None else external
    if brokers not in (1, 3):
        raise ValueError(f"A stack has 1 or 3 brokers, not {brokers}.")
    private_folder(data_dir)
    file = StateFile(data_dir)
    lock = file.locked(LOCK_TIMEOUT_S)
    await asyncio.to_thread(lock.__enter__)
    try:
        state, standing = look(file)
        if state is not None and standing is Standing.RUNNING and attach:
            ours = any(each.name.startswith("kafka-") for each in state.processes)
            return Stack(
                data_dir, state, kafka=None if ours else external.kafka or KafkaAccess(kafka=state.kafka or "")
            )
        if standing in (Standing.OWNED, Standing.RUNNING):
            owner = "detached" if state is None or state.owner is None else f"owned by process {state.owner.pid}"
            raise StackBusy(
                f"A stack runs already in {data_dir}, {owner}.",
                remedy="Stop it with `queuebit down`, or choose another folder with QUEUEBIT_DATA.",
            )
        await asyncio.to_thread(end_all, data_dir, () if state is None else state.processes)
        stack = Stack(data_dir, StackState(secrets.token_hex(8), owner=own_record("owner")), remove=remove)
        stack._save(stack.state)
        await _start(stack, external, brokers if kafka else 0, postgres=postgres, tls=tls)
        return stack
    finally:
        lock.__exit__(None, None, None)


async def _start(stack: Stack, external: External, brokers: int, *, postgres: bool, tls: bool) -> None:
    try:
        stack._start_guard()
        async with asyncio.TaskGroup() as group:
            if postgres:
                group.create_task(stack._start_postgres(external.postgres))
            if brokers:
                group.create_task(stack._start_kafka(external.kafka, brokers, tls=tls))
    except BaseException as error:
        await asyncio.shield(asyncio.to_thread(stack._end))
        if isinstance(error, BaseExceptionGroup):
            ours = error.subgroup(DevstackError)
            raise (ours or error).exceptions[0] from None
        raise
