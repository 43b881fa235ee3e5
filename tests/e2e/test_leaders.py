"""Several control planes while leaders freeze, processes die and PostgreSQL cuts their sessions: the others go on within
seconds, no job is lost, none ends twice, and Kafka shows what the store holds, in its order.
"""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from queuebit_contracts import channels
from queuebit_devstack.stack import Stack
from tests.e2e.harness import Platform, assert_once_each, eventually, platform, trivial

TAKEOVER_S = 30.0
"""Six times what it may take: the machine of a test run does other things beside it."""
CUTS = 100
NOBODY = "nobody, or one that is gone"
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE 'queuebit-control-plane-%' AND query LIKE '-- name:%'
"""


@dataclass
class Leaders:
    """Running control planes, and who leads them."""

    running: Platform
    admin: asyncpg.Connection[asyncpg.Record]
    names: tuple[str, ...]

    async def lease(self) -> tuple[str, int]:
        """Who leads, by the name of its process, and under which token."""
        row = await self.admin.fetchrow("SELECT holder, token FROM lease WHERE name = 'relay'")
        assert row is not None
        pid = row["holder"].partition("/")[0].rpartition("-")[2]
        by_pid = {str(self.running.supervisor.pid(name)): name for name in self.names}
        return by_pid.get(pid, NOBODY), row["token"]

    async def taken_from(self, former: str) -> tuple[str, int]:
        """Who leads as soon as it is another."""
        async with asyncio.timeout(TAKEOVER_S):
            while (found := await self.lease())[0] in (former, NOBODY):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def leaders(stack: Stack, count: int) -> AsyncIterator[Leaders]:
    namespace = f"leaders{count}"
    env = {"QUEUEBIT_SESSION_TIMEOUT_S": "6"}
    async with platform(stack, namespace=namespace, env=env, control_planes=count) as running:
        admin = await asyncpg.connect(stack.postgres, server_settings={"search_path": f'"{namespace}"'})
        names = tuple(name for name in running.supervisor.names if name.startswith("control_plane"))
        try:
            yield Leaders(running, admin, names)
        finally:
            for name in names:
                running.supervisor.send(name, signal.SIGCONT)
            await admin.close()


async def first_seen(running: Platform) -> dict[UUID, list[int]]:
    """What whoever forgets repeats reads of each job on the lifecycle: versions, in order."""
    topic = running.prefix + channels.LIFECYCLE
    consumer = AIOKafkaConsumer(topic, **running.stack.client(), auto_offset_reset="earliest")
    seen: defaultdict[UUID, dict[int, None]] = defaultdict(dict)
    async with consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    headers = dict(record.headers)
                    seen[UUID(headers["ce_subject"].decode())][int(headers["ce_streamversion"])] = None
    return {job: list(versions) for job, versions in seen.items()}


async def assert_whole(running: Platform, job_ids: Sequence[UUID]) -> None:
    """None lost, none twice, and Kafka shows each job as the store holds it."""
    await running.outcomes(job_ids)
    assert_once_each(await running.settled(job_ids), job_ids)
    for endings in (running.ended[job_id] for job_id in job_ids):
        assert all(ending == endings[0] for ending in endings)
    stored = {job: [event.version for event in found] for job, found in (await running.store.load(job_ids)).items()}
    assert stored == {job: list(range(1, len(versions) + 1)) for job, versions in stored.items()}
    seen = await first_seen(running)
    assert {job_id: seen[job_id] for job_id in job_ids} == stored
    assert not any(running.letters.values())


@pytest.mark.parametrize("count", [2, 3])
async def test_leaders_freeze_and_die_while_sessions_are_cut(stack: Stack, count: int) -> None:
    async with leaders(stack, count) as them:
        running, supervisor = them.running, them.running.supervisor
        job_ids = await running.publish(trivial(60))
        await running.outcomes(job_ids)

        # A leader that is frozen in the middle of the work is replaced, and what it says when it wakes up is refused.
        frozen, token = await them.lease()
        job_ids += await running.publish(trivial(60))
        supervisor.send(frozen, signal.SIGSTOP)
        already = len(running.ended)
        job_ids += await running.publish(trivial(100))
        leader, taken = await them.taken_from(frozen)
        assert taken == token + 1
        await eventually(lambda: len(running.ended) > already, "another control plane publishes", timeout_s=TAKEOVER_S)
        supervisor.send(frozen, signal.SIGCONT)
        await eventually(
            lambda: "the lead relay is lost" in supervisor.log(frozen).read_text(), "the thawed leader finds out"
        )
        assert await them.lease() == (leader, taken)

        # A leader that dies is replaced; one that is asked to end hands over at once.
        job_ids += await running.publish(trivial(60))
        await supervisor.kill(leader)
        ending, _ = await them.taken_from(leader)
        await supervisor.restart(leader)
        job_ids += await running.publish(trivial(60))
        await supervisor.kill(ending, signal.SIGTERM)
        await them.taken_from(ending)
        await supervisor.restart(ending)

        # All sessions of all control planes are cut again and again under load, and nobody ends of it.
        pids = {name: supervisor.pid(name) for name in them.names}
        for number in range(CUTS):
            await them.admin.fetch(_CUT)
            if number % 5 == 0:
                job_ids += await running.publish(trivial(10))
            await asyncio.sleep(0.02)
        job_ids += await running.publish(trivial(60))

        await assert_whole(running, job_ids)
        assert {name: supervisor.pid(name) for name in them.names} == pids
        assert supervisor.dead() == ()
        for name in them.names:
            await supervisor.wait_ready(name)
