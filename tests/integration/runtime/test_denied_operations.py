"""What no principal may do with a topic but its administrator, on a real broker: each principal, each topic, each operation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # type: ignore[import-untyped]
from aiokafka.admin.records_to_delete import RecordsToDelete  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC
from queuebit_devstack.stack import Stack
from queuebit_runtime.access.settings import client_options
from tests.integration.runtime.locked_kafka import PRINCIPALS, STRANGER, Locked

DENIED = {kafka.TopicAuthorizationFailedError.errno, kafka.ClusterAuthorizationFailedError.errno}
Operation = Callable[[AIOKafkaAdminClient, list[str]], Awaitable[list[int]]]
"""Tries it on every topic; the broker's answer for each."""


async def delete_topic(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    return [code for _, code in (await admin.delete_topics(topics)).topic_error_codes]


async def create_topic(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    new = [NewTopic(f"{topic}.more", 1, 1) for topic in topics]
    return [found[1] for found in (await admin.create_topics(new)).topic_errors]


async def add_partitions(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    return [
        await code_of(admin.create_partitions({topic: NewPartitions(total_count=9)}, timeout_ms=20_000))
        for topic in topics
    ]


async def alter_configuration(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "1000"}) for topic in topics]
    answers = await admin.alter_configs(resources)
    return [each[0] for answer in answers for each in answer.resources]


async def describe_configuration(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    answers = await admin.describe_configs(resources)
    return [each[0] for answer in answers for each in answer.resources]


async def delete_records(admin: AIOKafkaAdminClient, topics: list[str]) -> list[int]:
    return [
        await code_of(admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=-1)}))
        for topic in topics
    ]


async def code_of(question: Awaitable[object]) -> int:
    """What the broker says where the client raises it."""
    try:
        await question
    except kafka.KafkaError as error:
        code: int = error.errno
        return code
    return 0


OPERATIONS: dict[str, Operation] = {
    each.__name__: each
    for each in (
        create_topic,
        add_partitions,
        alter_configuration,
        describe_configuration,
        delete_records,
        delete_topic,
    )
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_no_principal_administers_any_topic(locked: Locked, operation: str) -> None:
    """Where a principal does not even see the topic, the broker says that there is none, and a client that wants its leader
    finds none: both are refusals as well.
    """
    topics = [locked.topic(topic) for topic in BY_TOPIC]

    async def tried(user: str) -> list[int]:
        admin = AIOKafkaAdminClient(**client_options(locked.access(user)))
        await admin.start()
        try:
            return await OPERATIONS[operation](admin, topics)
        finally:
            await admin.close()

    found = dict(zip(PRINCIPALS, await asyncio.gather(*(tried(user) for user in PRINCIPALS)), strict=True))
    hidden = DENIED | {kafka.UnknownTopicOrPartitionError.errno, kafka.NotLeaderForPartitionError.errno}
    let_in = {user: [code for code in codes if code not in hidden] for user, codes in found.items()}
    assert let_in == {user: [] for user in PRINCIPALS}
    assert [user for user, codes in found.items() if user != STRANGER and not DENIED & set(codes)] == []
    assert {len(codes) for codes in found.values()} == {len(topics)}


async def test_the_administrator_may_what_the_others_may_not(locked: Locked, stack: Stack) -> None:
    """So that the refusals above are those of a right, and not of a broken question."""
    admin = AIOKafkaAdminClient(**client_options(stack.access()))
    await admin.start()
    try:
        made = locked.topic("jobs.submitted")
        assert await create_topic(admin, [made]) == [0]
        more = f"{made}.more"
        assert await add_partitions(admin, [more]) == [0]
        assert await describe_configuration(admin, [more]) == [0]
        assert await alter_configuration(admin, [more]) == [0]
        assert await delete_records(admin, [more]) == [0]
        assert await delete_topic(admin, [more]) == [0]
    finally:
        await admin.close()
