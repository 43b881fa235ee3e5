"""Records and statements counted where they are kept: by the broker and by the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import KafkaAccess, client_options

STATISTICS_DELAY_S = 1.3
"""A session of the database hands its counts over once a second, when a statement ends."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records every topic was ever given, and how many transactions the database has ended.

    Every statement of ours is a transaction of its own, so transactions are statements.
    """

    records: Mapping[str, int]
    statements: int

    def __sub__(self, earlier: Counts) -> Counts:
        """What came since; topics that got nothing are left out."""
        since = {topic: end - earlier.records.get(topic, 0) for topic, end in self.records.items()}
        return Counts({topic: count for topic, count in since.items() if count}, self.statements - earlier.statements)

    @property
    def records_total(self) -> int:
        """Records over all topics."""
        return sum(self.records.values())


async def take_counts(kafka: KafkaAccess, postgres: str, *, settle_s: float = STATISTICS_DELAY_S) -> Counts:
    """Count now, `settle_s` seconds after the call, so that sessions have told the database what they did.

    The difference of two of these, over the number of jobs between, is what a job costs:

        before = await take_counts(stack.access(), stack.postgres)
        ...  # submit some hundred jobs at once and wait until all are completed
        spent = await take_counts(stack.access(), stack.postgres) - before
        assert spent.records_total / jobs <= 13

    Records are exact. Statements include those of idle polling in between, so take many jobs and little time.
    """
    await asyncio.sleep(settle_s)
    return Counts(await record_counts(kafka), await statement_count(postgres))


async def record_counts(kafka: KafkaAccess) -> dict[str, int]:
    """The sum of the end offsets of every topic that is not the broker's own."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    await admin.start()
    try:
        topics = [topic for topic in await admin.list_topics() if not topic.startswith("__")]
        described = await admin.describe_topics(topics) if topics else []
    finally:
        await admin.close()
    places = [TopicPartition(each["topic"], part["partition"]) for each in described for part in each["partitions"]]
    counts = dict.fromkeys(sorted(topics), 0)
    if places:
        for place, end in (await _end_offsets(kafka, places)).items():
            counts[place.topic] += end
    return counts


async def _end_offsets(kafka: KafkaAccess, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(**client_options(kafka), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return ends


async def statement_count(postgres: str) -> int:
    """The transactions that ended in this database."""
    connection = await asyncpg.connect(postgres)
    try:
        return int(
            await connection.fetchval(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            )
        )
    finally:
        await connection.close()
