"""Apache Kafka in KRaft mode on this machine: one broker, or three that survive the loss of one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from queuebit_devstack.errors import ServerFailed
from queuebit_devstack.java import Java
from queuebit_devstack.kafka_config import (
    LOGGING_TEXT,
    Node,
    bootstrap,
    jvm_flags,
    properties_text,
    tool_flags,
)
from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import Child, child_env, run_tool, spawn, tail

READY_TIMEOUT_S = 90.0
STOP_SIGNAL = signal.SIGTERM
STOP_GRACE_S = 5.0
"""Of three brokers that stop together the last waits in vain for a quorum, so it is not given long."""
_PROBE_TIMEOUT_S = 5.0
_FORMAT_TIMEOUT_S = 60.0


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

    def __init__(self, data_dir: Path, nodes: Sequence[Node], java: Java, jars: Sequence[Path]) -> None:
        """Nothing happens before `prepare`."""
        self.bootstrap = bootstrap(nodes)
        self.nodes = tuple(nodes)
        self._data_dir = data_dir
        self._java = java
        self._classpath = os.pathsep.join(str(jar) for jar in jars)

    async def prepare(self) -> None:
        """Write what the brokers read, and format their storage where it is not. Raises `ToolFailed`."""
        for node in self.nodes:
            (node.folder / "tmp").mkdir(parents=True, exist_ok=True)
            node.properties.write_text(properties_text(node, self.nodes))
            node.logging.write_text(LOGGING_TEXT)
        async with asyncio.TaskGroup() as group:
            for node in self.nodes:
                if not (node.folder / "data" / "meta.properties").exists():
                    group.create_task(self._format(node))

    async def _format(self, node: Node) -> None:
        arguments = ["kafka.tools.StorageTool", "format", "-t", self._cluster_id(), "-c", str(node.properties)]
        java = [str(self._java.program), "-XX:TieredStopAtLevel=1", *tool_flags(node, self._java)]
        await run_tool(
            [*java, "-cp", self._classpath, *arguments],
            env=child_env(self._data_dir, {}),
            timeout_s=_FORMAT_TIMEOUT_S,
        )

    def _cluster_id(self) -> str:
        """All nodes of a folder share one id; any will do, as clusters never meet."""
        return base64.urlsafe_b64encode(UUID(int=0x51756575654269740000000000000001).bytes).decode().rstrip("=")

    def spawn_node(self, node: Node) -> Child:
        """Start one broker."""
        argv = [str(self._java.program), *jvm_flags(node, self.nodes, self._java), "-cp", self._classpath]
        return spawn(
            node.name,
            [*argv, "kafka.Kafka", str(node.properties)],
            marker=str(node.properties),
            log=self._data_dir / "logs" / f"{node.name}.log",
            env=child_env(self._data_dir, {}),
            port=node.port,
        )


async def wait_kafka(servers: str, children: Sequence[Child], timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return when a record was produced to and consumed from `servers` by a consumer group with a commit.

    Raises `ServerFailed` with the last log lines when a child ends before, or at the deadline.
    """
    deadline = time.monotonic() + timeout_s
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
                async with asyncio.timeout(_PROBE_TIMEOUT_S if children else timeout_s):
                    await _probe(servers, len(children) or 1)
                    return
        except Exception as error:
            failure = error
            await asyncio.sleep(0.1)
    lines = "\n".join(tail(Path(child.record.log or "")) for child in children)
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


async def _probe(servers: str, brokers: int) -> None:
    """Create a topic, write to it idempotently, read it as a group, commit, and remove it."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

    topic = f"queuebit.devstack.probe-{os.getpid()}-{time.monotonic_ns()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, min(3, brokers))])
        producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
        await producer.start()
        try:
            await producer.send_and_wait(topic, b"ready?")
        finally:
            await producer.stop()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=topic, enable_auto_commit=False, auto_offset_reset="earliest"
        )
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
