"""Jobs in, checked answers out: on Kafka, over HTTP, through every plan."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts import events as ev
from queuebit_contracts.ids import derive_id
from queuebit_devstack.credentials import TENANT
from queuebit_problems.files import read_problem
from queuebit_problems.instances import file_name, load
from tests.builders import a_problem, a_request
from tests.e2e.harness import Platform, assert_once_each, eventually, trivial

WHOLE = [
    "JobSubmitted",
    "JobPlanned",
    "JobQueued",
    "JobStarted",
    "ExecutionSucceeded",
    "ResultValidated",
    "JobCompleted",
]


async def test_an_upstream_event_becomes_a_checked_answer(queuebit: Platform) -> None:
    (job_id,) = await queuebit.publish(trivial(1))

    (outcome,) = await queuebit.outcomes([job_id])

    assert isinstance(outcome, ev.JobCompleted)
    assert (outcome.objective, outcome.bound, outcome.verdict, outcome.ran.lane) == (6, 6, "accepted", "classical")
    assert await queuebit.settled([job_id]) == {job_id: WHOLE}


async def test_many_jobs_end_once_each(queuebit: Platform) -> None:
    job_ids = await queuebit.publish(trivial(500))

    outcomes = await queuebit.outcomes(job_ids)

    assert Counter(type(each).__name__ for each in outcomes) == {"JobCompleted": 500}
    assert_once_each(await queuebit.settled(job_ids), job_ids)


async def test_quantum_and_classical_answer_side_by_side(queuebit: Platform) -> None:
    (job_id,) = await queuebit.publish([a_request(tenant=TENANT, lane="auto", seed=3)])

    (outcome,) = await queuebit.outcomes([job_id])

    assert isinstance(outcome, ev.JobCompleted)
    story = Counter((await queuebit.settled([job_id]))[job_id])
    assert outcome.objective == 6
    assert (story["JobQueued"], story["ResultValidated"]) == (2, 2)


async def test_a_missing_device_falls_back_to_the_simulator(queuebit: Platform) -> None:
    (job_id,) = await queuebit.publish([a_request(tenant=TENANT, lane="quantum", seed=3)])

    (outcome,) = await queuebit.outcomes([job_id])

    assert isinstance(outcome, ev.JobCompleted)
    assert (outcome.ran.lane, outcome.objective, outcome.verdict) == ("simulator", 6, "accepted")
    assert any("no_backend" in reason for reason in outcome.reasons)


@pytest.mark.parametrize("name", ["mc_012_003_000", "gka1c_first12", "kp_016_strong", "gka1c"])
async def test_a_published_instance_over_http_reaches_its_optimum(queuebit: Platform, name: str) -> None:
    instance = load(name)
    problem = read_problem(instance.text, file_name=file_name(name), kind=instance.kind)

    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        accepted = await client.submit(problem.model_dump(), lane="classical", budget_s=20, seed=1)
        job = await client.wait(accepted.id, timeout_s=60)

    assert (job.state, job.verdict, job.objective, job.proven_optimal) == (
        "completed", "accepted", instance.best_known, True,
    )  # fmt: skip


async def test_a_repeated_submission_over_both_ways_is_one_job(queuebit: Platform) -> None:
    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        first = await client.submit(a_problem().model_dump(), lane="classical", key="order-4711")
        again = await client.submit(a_problem().model_dump(), lane="classical", key="order-4711")
        await client.wait(first.id, timeout_s=60)

    await queuebit.publish([a_request(tenant=TENANT)], key="order-4711")
    (marker,) = await queuebit.publish(trivial(1))
    await queuebit.outcomes([marker])

    assert again.id == first.id
    assert (await queuebit.settled([UUID(str(first.id))])) == {UUID(str(first.id)): WHOLE}


async def test_a_cancelled_job_ends_and_its_worker_stops(queuebit: Platform) -> None:
    instance = load("bqp50-1")
    problem = read_problem(instance.text, file_name=file_name("bqp50-1"), kind=instance.kind)

    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        accepted = await client.submit(
            problem.model_dump(), lane="classical", budget_s=600, params={"reproducible": False}
        )
        await client.cancel(accepted.id, reason="changed my mind")
        job = await client.wait(accepted.id, timeout_s=60)

    assert job.state in ("cancelled", "completed")


async def test_a_new_answer_takes_the_place_of_the_old_one_whose_steps_back_are_published_once(
    queuebit: Platform,
) -> None:
    """Given two steps, one for a suspect answer alone, then the other one is asked for, and again by nobody who repeats it."""
    release = {"name": "release-slot", "on": ["superseded"], "command": "com.acme.ReleaseSlot", "data": {"slot": 17}}
    excuse = {"name": "tell-customer", "on": ["invalidated"], "command": "com.acme.Apologise"}
    problem = a_problem().model_dump()
    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        old = await client.submit(problem, lane="classical", seed=1, compensations=[release, excuse])
        before = await client.wait(old.id, timeout_s=60)
        for seed in (2, 3):
            new = await client.submit(problem, lane="classical", seed=seed, supersedes=old.id)
            await client.wait(new.id, timeout_s=60)
    old_id = UUID(str(old.id))
    await eventually(lambda: old_id in queuebit.undone, "the step back is published")
    (marker,) = await queuebit.publish(trivial(1))
    await queuebit.outcomes([marker])
    (told,) = queuebit.undone[old_id]

    assert before.state == "completed"
    assert isinstance(told, ev.CompensationRequested)
    assert (told.name, told.cause, told.command, told.data) == (
        "release-slot",
        "superseded",
        "com.acme.ReleaseSlot",
        {"slot": 17},
    )
    assert told.compensation_id == derive_id(old_id, "compensation:release-slot")
    assert (await queuebit.settled([old_id])) == {old_id: [*WHOLE, "JobSuperseded", "CompensationRequested"]}
