"""SIGKILL of any one service in the middle of the work: no job is lost, none ends twice."""

from __future__ import annotations

import asyncio
import time

import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import Unreachable
from queuebit_client.models import Job
from queuebit_contracts import events as ev
from queuebit_contracts.ids import uuid7
from queuebit_contracts.registry import REGISTRY
from queuebit_devstack.credentials import TENANT
from queuebit_devstack.supervise import SERVICES
from tests.builders import a_problem, a_request
from tests.e2e.harness import WAIT_S, Platform, assert_once_each, eventually, trivial

JOBS = 300
KILL_AFTER = 40


@pytest.mark.parametrize("victim", [name for name in SERVICES if name != "gateway"])
async def test_a_killed_service_loses_nothing_and_repeats_nothing(queuebit: Platform, victim: str) -> None:
    requests = trivial(JOBS) + [a_request(tenant=TENANT, lane="auto", seed=number) for number in range(4)]

    job_ids = await queuebit.publish(requests)
    await eventually(
        lambda: sum(job_id in queuebit.ended for job_id in job_ids) >= KILL_AFTER,
        f"{KILL_AFTER} jobs end before the kill",
    )
    await queuebit.supervisor.kill(victim)
    more = await queuebit.publish(trivial(20))
    await queuebit.supervisor.restart(victim)
    outcomes = await queuebit.outcomes([*job_ids, *more])

    assert {type(outcome) for outcome in outcomes} == {ev.JobCompleted}
    stories = await queuebit.settled([*job_ids, *more])
    assert_once_each(stories, [*job_ids, *more])
    await _assert_told_once(queuebit, [*job_ids, *more])


async def _assert_told_once(queuebit: Platform, job_ids: list[object]) -> None:
    """The relay may repeat a record; it never tells another ending."""
    for job_id in job_ids:
        endings = queuebit.ended[job_id]  # type: ignore[index]
        assert all(ending == endings[0] for ending in endings)


async def _insist(client: AsyncQueuebit, key: str) -> Job:
    """Submit until it is taken, as an application does that outlives a gateway: the key makes the repeat safe."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return await client.submit(a_problem().model_dump(), lane="classical", key=key)
        except Unreachable:
            if time.monotonic() > deadline:
                raise


async def test_a_killed_gateway_loses_no_accepted_job(queuebit: Platform) -> None:
    keys = [str(uuid7(1_700_000_000_000 + number, number)) for number in range(60)]
    accepted: list[str] = []

    async def submit() -> None:
        async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
            for key in keys:
                accepted.append(str((await _insist(client, key)).id))

    submitting = asyncio.create_task(submit())
    await eventually(lambda: len(accepted) >= 10, "ten jobs are accepted")
    await queuebit.supervisor.kill("gateway")
    await queuebit.supervisor.restart("gateway")
    await submitting

    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        jobs = [await client.wait(job_id, timeout_s=60) for job_id in accepted]
    assert [job.state for job in jobs] == ["completed"] * len(keys)
    assert len(set(accepted)) == len(keys)


async def test_a_paused_control_plane_changes_nothing_when_it_wakes(queuebit: Platform) -> None:
    import signal

    queuebit.supervisor.send("control_plane", signal.SIGSTOP)
    job_ids = await queuebit.publish(trivial(50))
    await asyncio.sleep(1.0)
    queuebit.supervisor.send("control_plane", signal.SIGCONT)

    await queuebit.outcomes(job_ids)

    assert_once_each(await queuebit.settled(job_ids), job_ids)


async def test_the_stored_events_of_every_job_are_versions_without_a_gap(queuebit: Platform) -> None:
    job_ids = await queuebit.publish(trivial(30))
    await queuebit.outcomes(job_ids)

    for stored in (await queuebit.store.load(job_ids)).values():
        assert [event.version for event in stored] == list(range(1, len(stored) + 1))
        for event in stored:
            REGISTRY.read_stored(event.type, event.schema_version, event.data)
