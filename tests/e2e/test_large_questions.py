"""Large questions through the whole platform, beside small ones, and the control plane killed on the way."""

from __future__ import annotations

import asyncio

import asyncpg
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.envelope import decode
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_devstack.credentials import TENANT
from tests.e2e.harness import Platform, assert_once_each, eventually, trivial

NODES, REACH = 2000, 14
BYTES_MIN = 300_000


def large(seed: int) -> JobRequest:
    """A graph of some hundred kilobytes, for the lane that answers at once."""
    edges = [[i, (i + far) % NODES, seed] for far in range(1, REACH + 1) for i in range(NODES)]
    problem = Problem(kind="maxcut", statement={"nodes": NODES, "edges": edges})
    return JobRequest(tenant=TENANT, problem=problem, lane="rule")


async def test_large_questions_end_once_and_are_told_whole_though_the_control_plane_is_killed(
    queuebit: Platform,
) -> None:
    large_ids = await queuebit.publish([large(seed) for seed in range(1, 5)])
    small_ids = await queuebit.publish(trivial(20))
    await eventually(lambda: any(job_id in queuebit.ended for job_id in large_ids), "a large question is answered")
    await queuebit.supervisor.kill("control_plane")
    await queuebit.supervisor.restart("control_plane")

    outcomes = await queuebit.outcomes([*large_ids, *small_ids])

    assert {type(outcome) for outcome in outcomes} == {ev.JobCompleted}
    stories = await queuebit.settled([*large_ids, *small_ids])
    assert_once_each(stories, [*large_ids, *small_ids])
    connection = await asyncpg.connect(
        queuebit.stack.postgres, server_settings={"search_path": queuebit.store._session.settings.namespace}
    )
    try:
        rows = await connection.fetch(
            "SELECT stream_id, count(DISTINCT hash) AS texts, sum(length(data)) AS size FROM payload"
            " WHERE stream_id = ANY ($1) GROUP BY stream_id",
            large_ids,
        )
        longest = await connection.fetchval(
            "SELECT max(length(data::text)) FROM event WHERE stream_id = ANY ($1)", large_ids
        )
    finally:
        await connection.close()
    assert {row["stream_id"] for row in rows} == set(large_ids)
    assert all(row["texts"] == 1 and row["size"] > BYTES_MIN for row in rows), "each statement is stored once"
    assert longest < BYTES_MIN

    told = await _told(queuebit, {str(job_id) for job_id in large_ids}, stories)
    assert {(found.job_id, type(found.data).__name__) for found in told} >= {
        (job_id, name) for job_id in large_ids for name in stories[job_id]
    }
    submitted = {found.job_id: found.data for found in told if isinstance(found.data, ev.JobSubmitted)}
    assert all(len(event.request.problem.statement["edges"]) == NODES * REACH for event in submitted.values())


async def _told(queuebit: Platform, keys: set[str], stories: dict) -> list:  # type: ignore[type-arg]
    """What of these jobs stands on the lifecycle, until nothing of their stories lacks."""
    wanted = sum(map(len, stories.values())) - sum(
        len(stories[job_id]) for job_id in stories if str(job_id) not in keys
    )
    consumer = AIOKafkaConsumer(
        queuebit.prefix + channels.LIFECYCLE, **queuebit.stack.client(), auto_offset_reset="earliest"
    )
    found, seen = [], set()
    async with consumer, asyncio.timeout(60.0):
        async for record in consumer:
            if record.key.decode() in keys:
                envelope = decode(record.headers, record.value)
                found.append(envelope)
                seen.add((envelope.subject, envelope.version))
                if len(seen) == wanted:
                    return found
    raise AssertionError("the consumer ended")
