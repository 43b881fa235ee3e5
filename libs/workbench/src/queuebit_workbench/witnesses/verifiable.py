"""Kafka's own verifiable clients, beside our load: a producer of rising numbers, and a consumer that tells what it read.

They come with `kafka-tools`, the one jar that the broker does not need.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from queuebit_devstack.errors import DevstackError
from queuebit_devstack.jars import PinnedJar, ensure_jars
from queuebit_devstack.java import find_java
from queuebit_devstack.private import write_private
from queuebit_devstack.processes import Child, child_env, end_processes, spawn
from queuebit_devstack.stack import Stack
from queuebit_runtime.access.settings import KafkaAccess
from queuebit_workbench.witnesses.errors import WitnessMissing

NAME = "verifiable"
TOPIC = "witness"
PARTITIONS = 3
THROUGHPUT_PER_S = 50
STOP_GRACE_S = 30.0
HEAP = "-Xmx96m"
TOOLS = PinnedJar(
    "b88bc6ccc520d648142515526e4042c285612ce94b032434a88e3e936e38b600",
    PurePosixPath("org/apache/kafka/kafka-tools/4.3.0/kafka-tools-4.3.0.jar"),
)


@dataclass
class Verified:
    """What both told, compared. `lost`: acknowledged and never read."""

    acknowledged: int = 0
    read: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)

    def violations(self) -> Iterator[str]:
        """What must never be."""
        for what, found in (("lost", self.lost), ("doubled", self.doubled), ("out of order", self.disordered)):
            if found:
                yield f"{len(found)} records of Kafka's verifiable producer are {what}: {', '.join(found[:5])}"


def verified(producer: Iterable[bytes], consumer: Iterable[bytes]) -> Verified:
    """Compare what the two printed: all that was acknowledged was read, at one place, in the order of the places."""
    result = Verified()
    acknowledged: dict[str, tuple[int, int]] = {}
    for said in _events(producer):
        if said.get("name") == "producer_send_success":
            acknowledged[said["value"]] = (said["partition"], said["offset"])
        elif said.get("name") == "producer_send_error":
            result.refused += 1
    places: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    values: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for said in _events(consumer):
        if said.get("name") == "record_data":
            places[said["value"]].add((said["partition"], said["offset"]))
            values[said["partition"]][said["offset"]] = int(said["value"])
    result.acknowledged, result.read = len(acknowledged), len(places)
    result.lost = [value for value in acknowledged if value not in places]
    result.doubled = [value for value, found in places.items() if len(found) > 1]
    for partition, by_offset in values.items():
        numbers = [by_offset[offset] for offset in sorted(by_offset)]
        result.disordered += [
            f"{after} after {before} in {partition}" for before, after in pairwise(numbers) if after <= before
        ]
    result.disordered += [
        f"{value} was acknowledged elsewhere" for value, place in acknowledged.items() if places[value] - {place}
    ]
    return result


def _events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """What of the output is a document: the last line may be cut, and the client logs beside it."""
    for line in lines:
        with suppress(ValueError):
            said = orjson.loads(line)
            if isinstance(said, dict):
                yield said


class Verifiable:
    """The two clients at work."""

    def __init__(self, stack: Stack, producer: Child, consumer: Child) -> None:
        self._stack = stack
        self._producer = producer
        self._consumer = consumer

    async def finish(self) -> Verified:
        """Stop to write, read on until all is read that was acknowledged, and compare. Call it when Kafka is well."""
        await asyncio.to_thread(end_processes, [self._producer.record], ask=signal.SIGTERM, grace_s=STOP_GRACE_S)
        for _ in range(60):
            found = await asyncio.to_thread(self._compare)
            if not found.lost:
                break
            await asyncio.sleep(1.0)
        return found

    def _compare(self) -> Verified:
        return verified(*(_lines(each) for each in (self._producer, self._consumer)))


def _lines(child: Child) -> list[bytes]:
    assert child.record.log is not None
    return Path(child.record.log).read_bytes().splitlines()


@asynccontextmanager
async def opened_verifiable(stack: Stack) -> AsyncIterator[Verifiable]:
    """Both started, on a topic of their own. Raises WitnessMissing where Kafka's tools cannot be had."""
    try:
        java, jars = await asyncio.to_thread(find_java), await asyncio.to_thread(ensure_jars)
        (tools,) = await asyncio.to_thread(ensure_jars, pins=(TOOLS,))
    except DevstackError as error:
        raise WitnessMissing(f"kafka-tools {TOOLS.coordinates}: {error.message}") from error
    admin = AIOKafkaAdminClient(**stack.client(), client_id=NAME)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(TOPIC, PARTITIONS, 3, topic_configs={"min.insync.replicas": "2"})], timeout_ms=20_000
        )
    finally:
        await admin.close()
    config = stack.data_dir / NAME / "client.properties"
    config.parent.mkdir(parents=True, exist_ok=True)
    write_private(config, properties_of(stack.access()))
    common = ("--bootstrap-server", stack.kafka, "--command-config", str(config), "--topic", TOPIC)
    classpath = os.pathsep.join(str(each) for each in (*jars, tools))

    def start(name: str, program: str, *words: str) -> Child:
        argv = [str(java.program), HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath]
        return spawn(
            name,
            [*argv, f"org.apache.kafka.tools.{program}", *common, *words],
            marker=program,
            log=stack.data_dir / NAME / f"{name}.log",
            env=child_env(stack.data_dir, {}),
        )

    producer = start("producer", "VerifiableProducer", "--acks", "-1", "--throughput", str(THROUGHPUT_PER_S))
    consumer = start("consumer", "VerifiableConsumer", "--group-id", TOPIC, "--verbose", "--reset-policy", "earliest")
    try:
        yield Verifiable(stack, producer, consumer)
    finally:
        records = [each.record for each in (producer, consumer)]
        await asyncio.to_thread(end_processes, records, ask=signal.SIGTERM, grace_s=STOP_GRACE_S)
        for each in (producer, consumer):
            each.exit_code()


def properties_of(access: KafkaAccess) -> str:
    """As Kafka's own clients are told how to log in, and to try for as long as a broker is away."""
    assert access.kafka_password is not None
    login = f'username="{access.kafka_username}" password="{access.kafka_password.get_secret_value()}"'
    settings = {
        "security.protocol": access.kafka_security_protocol,
        "sasl.mechanism": access.kafka_sasl_mechanism,
        "sasl.jaas.config": f"org.apache.kafka.common.security.scram.ScramLoginModule required {login};",
        "delivery.timeout.ms": 120_000,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
