"""The channel table on a Kafka cluster: every topic exists, with its partitions, retention and size."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code  # type: ignore[import-untyped]

from queuebit_contracts.channels import CHANNELS, Channel
from queuebit_runtime.access.login import refusal
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.kafka.errors import wrapped
from queuebit_runtime.bus.record_size import topic_bytes_max
from queuebit_runtime.errors import BusError, DependencyUnavailable, LoginRefused

REPLICATION_MAX = 3
IN_SYNC_MIN = 2
ANSWER_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """How a topic is created."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def plan_topic(channel: Channel, namespace: str, replication: int) -> TopicPlan:
    """The topic of a channel. Of three replicas two must have a record before it is acknowledged."""
    config = {
        "retention.ms": str(channel.retention_ms),
        "cleanup.policy": "compact" if channel.compacted else "delete",
        "max.message.bytes": str(topic_bytes_max(channel.topic)),
        "min.insync.replicas": str(IN_SYNC_MIN if replication >= REPLICATION_MAX else 1),
    }
    prefix = f"{namespace}." if namespace else ""
    return TopicPlan(prefix + channel.topic, channel.partitions, replication, config)


async def ensure_topics(
    access: KafkaAccess, namespace: str = "", replication: int | None = None, channels: Sequence[Channel] = CHANNELS
) -> tuple[str, ...]:
    """Create the topics that are missing, and return their names. What exists stays as it is.

    `replication` defaults to three, or to the number of brokers where there are fewer. Raises DependencyUnavailable when
    Kafka does not answer, BusError when it refuses.
    """
    admin = await _connect(access)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S * 3):
            cluster = await admin.describe_cluster()
            factor = replication or min(REPLICATION_MAX, max(1, len(cluster["brokers"])))
            present = set(await admin.list_topics())
            plans = [plan_topic(channel, namespace, factor) for channel in channels]
            missing = [plan for plan in plans if plan.name not in present]
            return await _create(admin, missing) if missing else ()
    except TimeoutError:
        raise unavailable(access, "it does not answer") from None
    except KafkaError as error:
        raise wrapped(error) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, plans: list[TopicPlan]) -> tuple[str, ...]:
    """The names of those that were created; somebody else may be faster, or the list of what is there may lag."""
    created = []
    response = await admin.create_topics(
        [NewTopic(plan.name, plan.partitions, plan.replication, topic_configs=plan.config) for plan in plans]
    )
    for name, code, *detail in response.topic_errors:
        error = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            raise BusError(f"Kafka does not create the topic {name}: {error.__name__} {detail[0] if detail else ''}")
    return tuple(created)


async def _connect(access: KafkaAccess) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**client_options(access), client_id="queuebit-topics")
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await admin.start()
    except (KafkaError, OSError, TimeoutError, ValueError) as error:
        with contextlib.suppress(KafkaError, OSError):
            await admin.close()
        if (reason := await refusal(access)) is not None:
            raise DependencyUnavailable(reason, remedy=LoginRefused.remedy) from None
        raise unavailable(access, str(error) or type(error).__name__) from None
    return admin


def unavailable(access: KafkaAccess, detail: str) -> DependencyUnavailable:
    """Kafka cannot be reached, as far as one can tell."""
    return DependencyUnavailable(
        f"Kafka at {access.kafka} cannot be used: {detail}.",
        remedy="Start it (`queuebit up`), or set QUEUEBIT_KAFKA to host:port of a running broker.",
    )
