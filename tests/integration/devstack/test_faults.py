"""The faults of drills and chaos do what they say, on real servers."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from queuebit_devstack.external import External
from queuebit_devstack.stack import Stack, start_stack
from queuebit_operations.records.port import Place
from queuebit_workbench.faults import brokers, database, groups


async def numbers(stack: Stack, add: int | None = None) -> list[int]:
    """What a table holds, with one more in it."""
    session = await asyncpg.connect(stack.postgres)
    try:
        await session.execute("CREATE TABLE IF NOT EXISTS number (n int)")
        if add is not None:
            await session.execute("INSERT INTO number VALUES ($1)", add)
        return [row["n"] for row in await session.fetch("SELECT n FROM number ORDER BY n")]
    finally:
        await session.close()


async def test_a_restored_database_is_what_it_was_and_a_restarted_one_what_it_is(tmp_path: Path) -> None:
    async with await start_stack(tmp_path, external=External(), kafka=False, remove=True) as stack:
        await numbers(stack, 1)
        copy = await database.back_up_database(stack)
        await numbers(stack, 2)
        await database.restart_database(stack, "crash")
        restarted = await numbers(stack)
        session = await asyncpg.connect(stack.postgres, server_settings={"application_name": "queuebit-test"})
        cut = await database.cut_sessions(stack)
        await database.restore_database(stack, copy)

        assert (restarted, cut, session.is_closed()) == ([1, 2], 1, True)
        assert await numbers(stack) == [1]


async def test_strangers_join_and_leave_and_retention_takes_what_is_unread(stack: Stack) -> None:
    topic = f"faults-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    place = TopicPartition(topic, 0)
    producer = AIOKafkaProducer(**stack.client())
    async with producer:
        for number in range(5):
            await producer.send_and_wait(topic, str(number).encode())
    reader = AIOKafkaConsumer(**stack.client(), group_id=topic, enable_auto_commit=False)
    async with reader:
        reader.assign([place])
        await reader.commit({place: 2})

    came = await groups.storm(stack, topic, [topic], 2, random.Random(1))
    led = await brokers.leaders(stack, [topic])
    gone = await brokers.eat_unread(stack, topic, topic)

    assert came == 2
    assert list(led) == [(topic, 0)]
    assert gone == {Place(topic, 0): 3}
    assert await brokers.eat_unread(stack, topic, topic) == {}
