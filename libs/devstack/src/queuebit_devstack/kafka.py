"""Apache Kafka in KRaft mode on this machine: one broker, or three that survive the loss of one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from uuid import UUID

from queuebit_devstack.errors import DataUnusable, ServerFailed
from queuebit_devstack.java import Java
from queuebit_devstack.kafka_config import (
    LOGGING_TEXT,
    Node,
    bootstrap,
    format_arguments,
    jvm_flags,
    properties_text,
    tool_flags,
)
from queuebit_devstack.kafka_tls import ensure_certificates, tls_files
from queuebit_devstack.kafka_users import access_as, ensure_passwords, load_passwords, write_client_files
from queuebit_devstack.ports import free_ports
from queuebit_devstack.private import private_folder, write_private
from queuebit_devstack.processes import Child, child_env, run_tool, spawn, tail
from queuebit_runtime.access.login import refusal
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.errors import LoginRefused

READY_TIMEOUT_S = 90.0
STOP_SIGNAL = signal.SIGTERM
STOP_GRACE_S = 5.0
"""Of three brokers that stop together the last waits in vain for a quorum, so it is not given long."""
PROBE_TIMEOUTS_S = (5.0, 10.0, 20.0, 30.0)
"""Of one probe after another: a machine that is busy otherwise needs longer for the same few requests."""
_FORMAT_TIMEOUT_S = 60.0
PRIVATE = 0o077
"""What a broker writes is for nobody else: it holds everybody's questions and answers."""
_PRIVATELY = ("sh", "-c", 'umask 077 && exec "$@"', "sh")
"""The same for a helper program: uvloop takes no umask."""


CLASS_CACHE_JAVA_MIN = 25
"""From this version on Java keeps what it found out about classes in one step (JEP 514)."""
CLASSES_ALONE = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching", "-XX:-AOTStubCaching")
"""Machine code is not kept beside them: Java is in doubt about its own when it reads it again."""


def cache_file(java: Java, jars: Sequence[Path]) -> Path | None:
    """Where that lies for these jars, whether it was made or not; None where this Java cannot."""
    if java.major < CLASS_CACHE_JAVA_MIN or not jars:
        return None
    return java.program.parent.parent / f"{jars[0].parent.name}.aot"


def plan_nodes(data_dir: Path, brokers: int) -> tuple[Node, ...]:
    """Nodes on free ports, with their folders below `data_dir`: one cluster of one, another of three."""
    ports = free_ports(2 * brokers)
    folder = data_dir / f"kafka-of-{brokers}"
    return tuple(
        Node(number, folder / f"kafka-{number}", ports[2 * (number - 1)], ports[2 * (number - 1) + 1])
        for number in range(1, brokers + 1)
    )


class KafkaCluster:
    """The brokers of one data folder."""

    def __init__(
        self, data_dir: Path, nodes: Sequence[Node], java: Java, jars: Sequence[Path], *, tls: bool = False
    ) -> None:
        """Nothing happens before `prepare`."""
        self.bootstrap = bootstrap(nodes)
        self.nodes = tuple(nodes)
        self._data_dir = data_dir
        self._tls = tls_files(data_dir) if tls else None
        self._ca = None if self._tls is None else self._tls.ca
        self._java = java
        self._classpath = os.pathsep.join(str(jar) for jar in jars)
        kept = cache_file(java, jars)
        there = kept is not None and kept.exists()
        self._known = (f"-XX:AOTCache={kept}", *CLASSES_ALONE, "-Xlog:aot*=off") if there else ()

    async def prepare(self) -> None:
        """Write what the brokers read, and format their storage where it is not. Raises `ToolFailed`, and `DataUnusable` where
        the storage knows no users, or others.
        """
        formatted = [node for node in self.nodes if (node.folder / "data" / "meta.properties").exists()]
        if any(not _has_users(node) for node in formatted) or (formatted and not load_passwords(self._data_dir)):
            folder = self.nodes[0].folder.parent
            raise DataUnusable(
                f"The Kafka data in {folder} was written before Kafka asked for a login, or its passwords are lost.",
                remedy=f"Move {folder} away (what was on its way in it is lost, what PostgreSQL holds stays),"
                " or start in another folder with QUEUEBIT_DATA.",
            )
        passwords = ensure_passwords(self._data_dir)
        if self._tls is not None:
            ensure_certificates(self._tls)
        for node in self.nodes:
            for folder in (node.folder.parent, node.folder, node.folder / "tmp"):
                private_folder(folder)
            write_private(node.properties, properties_text(node, self.nodes, passwords, self._tls))
            write_private(node.logging, LOGGING_TEXT)
        write_client_files(self._data_dir, self.bootstrap, passwords, self._ca)
        async with asyncio.TaskGroup() as group:
            for node in self.nodes:
                if node not in formatted:
                    group.create_task(self._format(node, passwords))

    def access(self, user: str) -> KafkaAccess:
        """How `user` reaches the cluster. Call `prepare` before."""
        return access_as(self.bootstrap, user, load_passwords(self._data_dir), self._ca)

    async def _format(self, node: Node, passwords: Mapping[str, str]) -> None:
        """The passwords go by a file that only we may read: a command line is seen by everybody on the machine."""
        words = format_arguments(node, self._cluster_id(), passwords)
        flags = ["-XX:TieredStopAtLevel=1", *tool_flags(node, self._java), *self._known, "-cp", self._classpath]
        arguments = node.folder / "format.args"
        write_private(arguments, "".join(f"{_quoted(word)}\n" for word in (*flags, *words)))
        try:
            await run_tool(
                [*_PRIVATELY, str(self._java.program), f"@{arguments}"],
                env=child_env(self._data_dir, {}),
                timeout_s=_FORMAT_TIMEOUT_S,
            )
        finally:
            arguments.unlink(missing_ok=True)

    def _cluster_id(self) -> str:
        """All nodes of a folder share one id; any will do, as clusters never meet."""
        return base64.urlsafe_b64encode(UUID(int=0x51756575654269740000000000000001).bytes).decode().rstrip("=")

    def spawn_node(self, node: Node, *more: str) -> Child:
        """Start one broker, with `more` flags of Java."""
        flags = jvm_flags(node, self.nodes, self._java, tls=self._tls is not None)
        argv = [str(self._java.program), *flags, *self._known, *more, "-cp", self._classpath]
        return spawn(
            node.name,
            [*argv, "kafka.Kafka", str(node.properties)],
            marker=str(node.properties),
            log=self._data_dir / "logs" / f"{node.name}.log",
            env=child_env(self._data_dir, {}),
            port=node.port,
            umask=PRIVATE,
        )


def _has_users(node: Node) -> bool:
    """Whether the storage was formatted with users: the settings of its last run tell."""
    return node.properties.exists() and "CLIENTS:SASL_" in node.properties.read_text()


def _quoted(word: str) -> str:
    """As a file of arguments wants it."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def wait_kafka(access: KafkaAccess, children: Sequence[Child], timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return when a record was produced to and consumed from Kafka by a consumer group with a commit.

    Raises `ServerFailed` with the last log lines when a child ends before, or at the deadline.
    """
    servers = access.kafka
    deadline = time.monotonic() + timeout_s
    probes = chain(PROBE_TIMEOUTS_S, repeat(PROBE_TIMEOUTS_S[-1]))
    failure: Exception | None = None
    while time.monotonic() < deadline:
        for child in children:
            if (code := child.exit_code()) is not None:
                lines = tail(Path(child.record.log or ""))
                raise ServerFailed(f"{child.record.name} ended with {code}. Its last lines:\n{lines}")
        if not await _listens(servers):
            await asyncio.sleep(0.05)
            continue
        try:
            with _hushed():
                async with asyncio.timeout(next(probes) if children else timeout_s):
                    await _probe(client_options(access), len(children) or 1)
                    return
        except Exception as error:
            failure = error
            await asyncio.sleep(0.1)
    lines = "\n".join(tail(Path(child.record.log or "")) for child in children)
    if (reason := await refusal(access)) is not None:
        raise ServerFailed(reason, remedy=LoginRefused.remedy)
    raise ServerFailed(f"Kafka at {servers} was not ready after {timeout_s:g} s ({failure!r}).\n{lines}".rstrip())


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep the client from logging that the group coordinator is not there yet: right after a start that is normal."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def _listens(servers: str) -> bool:
    """Whether every broker accepts connections: saves the client from logging a storm of refusals."""
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            async with asyncio.timeout(2.0):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError, ValueError):
            return False
        writer.close()
    return True


async def _probe(client: Mapping[str, Any], brokers: int) -> None:
    """Create a topic, write to it idempotently, read it as a group, commit, and remove it."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

    topic = f"queuebit.devstack.probe-{os.getpid()}-{time.monotonic_ns()}"
    admin = AIOKafkaAdminClient(**client)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, min(3, brokers))])
        producer = AIOKafkaProducer(**client, enable_idempotence=True)
        await producer.start()
        try:
            await producer.send_and_wait(topic, b"ready?")
        finally:
            await producer.stop()
        consumer = AIOKafkaConsumer(**client, group_id=topic, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, 0)])
            record = await consumer.getone()
            await consumer.commit({TopicPartition(topic, 0): record.offset + 1})
        finally:
            await consumer.stop()
        await admin.delete_topics([topic])
    finally:
        await admin.close()
