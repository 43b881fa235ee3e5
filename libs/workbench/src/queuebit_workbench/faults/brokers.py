"""Brokers that die or stand still, leaders that move, and retention that takes what nobody has read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_devstack import freezing
from queuebit_devstack.stack import Stack
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.records.port import Place, Span
from queuebit_workbench.faults.database import NAME

TRIES, TRY_INTERVAL_S = 60, 0.5
BACK_WITHIN_S = 300.0
"""A broker that comes back reads its log first, beside everything that makes up for its absence."""
Leaders = dict[tuple[str, int], int]


async def kill_broker(stack: Stack, broker: str, away_s: float) -> None:
    """It dies, is away for a while, and comes back with its data."""
    await stack.kill(broker)
    try:
        await asyncio.sleep(away_s)
    finally:
        await stack.restart(broker, timeout_s=BACK_WITHIN_S)


async def freeze_broker(stack: Stack, broker: str, for_s: float) -> None:
    """It stands still for a while: the others put it out of the cluster, and it comes back believing that it leads. Where it
    ends over that, as a controller may that finds itself replaced, it is started again.
    """
    pid = stack.pid(broker)
    await freezing.freeze(pid)
    try:
        await asyncio.sleep(for_s)
    finally:
        freezing.thaw(pid)
    if ended := [each for each in stack.servers if each != NAME and stack.exit_code(each) is not None]:
        await stack.restart(*ended, timeout_s=BACK_WITHIN_S)


async def leaders(stack: Stack, topics: Collection[str]) -> Leaders:
    """Which broker leads each partition now."""
    async with _admin(stack) as admin:
        for left in reversed(range(TRIES)):
            try:
                described = await admin.describe_topics(list(topics))
                break
            except KafkaError:
                if not left:
                    raise
                await asyncio.sleep(TRY_INTERVAL_S)
    return {(topic["topic"], part["partition"]): part["leader"] for topic in described for part in topic["partitions"]}


async def eat_unread(stack: Stack, topic: str, group: str) -> dict[Place, int]:
    """Retention takes everything from a topic; of each partition how many records the group had not read. Where it has read
    nothing so far it cannot know that something is gone.
    """
    async with opened_records(stack.access(), "") as records:
        spans = await records.spans([topic])
    async with _admin(stack) as admin:
        committed = await _committed(admin, group)
        await admin.delete_records(
            {TopicPartition(place.topic, place.partition): RecordsToDelete(span.end) for place, span in spans.items()}
        )
    behind = _behind(spans, committed)
    return {place: count for place, count in behind.items() if place in committed and count > 0}


async def unread(stack: Stack, topic: str, group: str) -> dict[Place, int]:
    """Of each partition how many records the group has not done with: all of them where it has committed nothing so far."""
    async with _admin(stack) as admin:
        committed = await _committed(admin, group)
    async with opened_records(stack.access(), "") as records:
        return _behind(await records.spans([topic]), committed)


def _behind(spans: Mapping[Place, Span], committed: Mapping[Place, int]) -> dict[Place, int]:
    return {place: span.end - max(committed.get(place, span.begin), span.begin) for place, span in spans.items()}


async def has_read(stack: Stack, group: str) -> bool:
    """Whether the group has committed anything yet."""
    async with _admin(stack) as admin:
        return bool(await _committed(admin, group))


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[Place, int]:
    found = await admin.list_consumer_group_offsets(group)
    return {Place(*each): at.offset for each, at in found.items() if at.offset >= 0}


@asynccontextmanager
async def _admin(stack: Stack) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connected; tried again while the cluster sorts itself out. Raises KafkaError where it does not."""
    admin = AIOKafkaAdminClient(**stack.client(), client_id="faults")
    try:
        await _connected(admin)
        yield admin
    finally:
        await admin.close()


async def _connected(admin: AIOKafkaAdminClient) -> None:
    for left in reversed(range(TRIES)):
        try:
            await admin.start()
            break
        except (KafkaError, OSError):
            if not left:
                raise
            await asyncio.sleep(TRY_INTERVAL_S)
