"""Kafka as an operator sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from pydantic import ValidationError

from queuebit_contracts.channels import BY_TOPIC, Channel
from queuebit_operations.errors import BadArgument
from queuebit_runtime.access.settings import KafkaAccess, access_from
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.service.settings import complaints

NAMESPACE_VARIABLE = "QUEUEBIT_NAMESPACE"


def kafka_access(env: Mapping[str, str]) -> KafkaAccess:
    """As the services read it. Raises BadArgument."""
    try:
        return access_from(env)
    except ValidationError as error:
        raise BadArgument(f"A setting is wrong: {complaints(error)}") from None


def namespace_of(env: Mapping[str, str]) -> str:
    """What stands before every topic; empty where nothing does."""
    return env.get(NAMESPACE_VARIABLE, "")


async def made_topics(env: Mapping[str, str], namespace: str, topics: Collection[str]) -> None:
    """Create those of the topics that are missing; one that no channel stands for is made like any other. Raises BusError."""
    channels = [BY_TOPIC.get(topic) or Channel(topic, "What operators publish.", (), (), ()) for topic in topics]
    await ensure_topics(kafka_access(env), namespace, channels=channels)


@asynccontextmanager
async def opened_bus(env: Mapping[str, str], *, namespace: str | None = None) -> AsyncIterator[KafkaBus]:
    """A bus to publish on; `namespace` instead of the configured one. Raises BusError."""
    where = namespace_of(env) if namespace is None else namespace
    bus = KafkaBus(KafkaSettings(kafka_access(env), namespace=where, client_id="queuebit-ops"))
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()
