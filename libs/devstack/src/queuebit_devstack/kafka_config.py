"""What the brokers read: properties, logging, flags. Pure text, so that it can be compared whole in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from queuebit_devstack.java import Java
from queuebit_devstack.kafka_tls import TlsFiles
from queuebit_devstack.kafka_users import ADMIN, BROKER, CONTROLLER, MECHANISM, SUPER_USERS
from queuebit_devstack.ports import LOOPBACK

MESSAGE_BYTES_MAX = 4 * 1024 * 1024
HEAP_MB_ALONE = 512
HEAP_MB_EACH = 320
_SCRAM_MODULE = "scram.ScramLoginModule"
_PLAIN_MODULE = "plain.PlainLoginModule"


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is a controller too: its id from 1, its folder and its two ports."""

    node_id: int
    folder: Path
    port: int
    controller_port: int

    @property
    def name(self) -> str:
        """The name under which logs, status and faults know it."""
        return f"kafka-{self.node_id}"

    @property
    def properties(self) -> Path:
        """The file that the broker is started with."""
        return self.folder / "server.properties"

    @property
    def logging(self) -> Path:
        """The log4j2 file."""
        return self.folder / "log4j2.xml"


def bootstrap(nodes: Sequence[Node]) -> str:
    """The bootstrap list for clients."""
    return ",".join(f"{LOOPBACK}:{node.port}" for node in nodes)


def properties_text(
    node: Node, nodes: Sequence[Node], passwords: Mapping[str, str], tls: TlsFiles | None = None
) -> str:
    """The properties of `node` in a cluster of `nodes`. They hold the passwords of the brokers and of the controllers."""
    ports = {each.node_id: (each.port, each.controller_port) for each in nodes}
    settings = settings_of(node.node_id, node.folder / "data", ports) | locks_of(node, passwords, tls)
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def locks_of(node: Node, passwords: Mapping[str, str], tls: TlsFiles | None) -> dict[str, object]:
    """The settings that let nobody in without a login, and nobody do what no rule allows.

    Users lie in the cluster's own log, which needs a leader first: so controllers know each other by PLAIN, with a user that
    stands in these settings.
    """
    scheme = "SASL_PLAINTEXT" if tls is None else "SASL_SSL"
    broker, controller = passwords[BROKER], passwords[CONTROLLER]
    scram, plain = (f"org.apache.kafka.common.security.{each} required" for each in (_SCRAM_MODULE, _PLAIN_MODULE))
    locks: dict[str, object] = {
        "listeners": f"CLIENTS://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{node.port}",
        "listener.security.protocol.map": f"CLIENTS:{scheme},CONTROLLER:{scheme}",
        "inter.broker.listener.name": "CLIENTS",
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": (
            f'{scram} username="{BROKER}" password="{broker}";'
        ),
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{plain} username="{CONTROLLER}" password="{controller}" user_{CONTROLLER}="{controller}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": ";".join(f"User:{each}" for each in SUPER_USERS),
    }
    if tls is None:
        return locks
    return locks | {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": tls.server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": tls.ca,
    }


def format_arguments(node: Node, cluster_id: str, passwords: Mapping[str, str]) -> tuple[str, ...]:
    """What formats the storage of a node, with the users that exist before anybody can create others."""
    users = (f"{MECHANISM}=[name={each},password={passwords[each]}]" for each in (ADMIN, BROKER))
    scram = (word for user in users for word in ("--add-scram", user))
    return ("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(node.properties), *scram)


def settings_of(node_id: int, log_dir: Path, ports: Mapping[int, tuple[int, int]]) -> dict[str, object]:
    """The settings of one node; `ports` gives broker and controller port of every node id.

    Few threads, because two cores carry everything; a small cleaner buffer, because its default is a quarter of the
    heap; no waiting for members at the first rebalance; a dead broker is noticed after six seconds. A quota counts
    over two seconds (ten, as Kafka has it, let a flood of twenty megabytes through first).
    """
    replicas = min(3, len(ports))
    in_sync = 2 if replicas == 3 else 1
    port, controller_port = ports[node_id]
    return {
        "node.id": node_id,
        "process.roles": "broker,controller",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": ",".join(f"{each}@{LOOPBACK}:{own}" for each, (_, own) in ports.items()),
        "log.dirs": log_dir,
        "auto.create.topics.enable": "false",
        "num.partitions": 4,
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,
        "broker.session.timeout.ms": 6000,
        "broker.heartbeat.interval.ms": 1000,
        "message.max.bytes": MESSAGE_BYTES_MAX,
        "replica.fetch.max.bytes": MESSAGE_BYTES_MAX,
        "log.preallocate": "false",
        "log.cleaner.threads": 1,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "quota.window.num": 3,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.replica.alter.log.dirs.threads": 1,
        "num.recovery.threads.per.data.dir": 1,
        "background.threads": 2,
        "group.coordinator.threads": 1,
        "share.coordinator.threads": 1,
    }


LOGGING_TEXT = """\
<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN" shutdownHook="disable">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5p %c{1}: %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""


def jvm_flags(node: Node, nodes: Sequence[Node], java: Java, *, tls: bool = False) -> tuple[str, ...]:
    """The flags of one broker's Java: a bounded heap, and no files outside its folder. Only the second compiler makes TLS
    cheap; without TLS it is not worth its time.
    """
    heap_mb = HEAP_MB_ALONE if len(nodes) == 1 else HEAP_MB_EACH
    return (
        f"-Xms{heap_mb // 2}m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        *(() if tls else ("-XX:TieredStopAtLevel=1",)),
        "-XX:+ExitOnOutOfMemoryError",
        f"-XX:ErrorFile={node.folder}/jvm-crash.log",
        *tool_flags(node, java),
    )


def tool_flags(node: Node, java: Java) -> tuple[str, ...]:
    """The flags that the broker and its format tool share."""
    return (
        "-XX:-UsePerfData",
        "-Djava.awt.headless=true",
        f"-Djava.io.tmpdir={node.folder / 'tmp'}",
        f"-Dlog4j2.configurationFile={node.logging}",
        "-Dlog4j2.disableJmx=true",
        *java.quiet_flags,
    )
