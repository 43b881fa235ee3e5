"""Steps back over HTTP: named with the question, published once on their topic, and shown on the job."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.operators import HoldPlaced
from queuebit_operations.holding.register import HoldRegister
from tests.contract.http.running_gateway import RunningGateway, a_body
from tests.contract.http.whole_world import WholeWorld, in_the_whole_world

SLOT = {
    "name": "release-slot",
    "on": ["cancelled", "superseded"],
    "command": "com.acme.ReleaseSlot",
    "data": {"slot": 17},
}


async def _people(world: WholeWorld) -> None:
    await world.person("asker")
    await world.person("stranger", "admin", tenant="globex")


def _published(world: WholeWorld) -> list[tuple[str, dict[str, Any]]]:
    records = world.world.broker.records(channels.COMPENSATIONS)
    return [(dict(each.headers)["ce_tenant"].decode(), orjson.loads(each.value or b"")) for each in records]


def test_the_answer_of_a_later_job_takes_the_place_and_is_undone_once() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        first = await world.submit("asker", compensations=[SLOT])
        before = await world.until("asker", first, lambda job: job["state"] == "completed")
        second = await world.submit("asker", supersedes=first, seed=7)
        job = await world.until("asker", first, lambda job: job["superseded"] is not None)
        await world.clock.sleep(5)

        assert before["compensations"] == [
            {**SLOT, "state": "named", "compensation_id": None, "cause": None, "at": None}
        ]
        (shown,) = job["compensations"]
        assert (shown["state"], shown["cause"], job["superseded"]["by"]) == ("requested", "superseded", second)
        assert (await world.ask("asker", "GET", f"/v1/jobs/{second}"))[1]["supersedes"] == first
        ((tenant, said),) = _published(world)
        assert (tenant, said["compensation_id"]) == ("acme", shown["compensation_id"])
        assert {name: said[name] for name in ("name", "cause", "command", "data")} == {
            "name": "release-slot",
            "cause": "superseded",
            "command": "com.acme.ReleaseSlot",
            "data": {"slot": 17},
        }

    in_the_whole_world(story)


def test_a_job_that_is_withdrawn_is_undone() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        await HoldRegister(world.world.store(), world.clock).place(
            HoldPlaced(why="pause", scope="all", actor="ada", reason="a drill")
        )
        await world.clock.sleep(1)
        job_id = await world.submit("asker", compensations=[SLOT])
        status, _ = await world.ask("asker", "POST", f"/v1/jobs/{job_id}/cancel", {})
        job = await world.until("asker", job_id, lambda job: job["state"] == "cancelled")
        await world.clock.sleep(5)

        (shown,) = job["compensations"]
        ((_, said),) = _published(world)
        assert (status, shown["cause"], said["cause"]) == (202, "cancelled", "cancelled")

    in_the_whole_world(story)


def test_what_cannot_be_is_refused_with_its_field() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        job_id = await world.submit("asker")

        async def refused(who: str, **named: Any) -> tuple[int, str]:
            headers = {"Idempotency-Key": str(world.ids.mint())}
            status, told = await world.ask(who, "POST", "/v1/jobs", a_body(**named), **headers)
            return status, told["errors"][0]["pointer"]

        assert await refused("asker", supersedes=str(UUID(int=7))) == (422, "/supersedes")
        assert await refused("stranger", supersedes=job_id) == (422, "/supersedes")
        assert await refused("asker", compensations=[SLOT, SLOT]) == (422, "/compensations")
        assert await refused("asker", compensations=[{**SLOT, "on": ["tired"]}]) == (422, "/compensations/0/on/0")

    in_the_whole_world(story)


def test_the_same_key_with_other_steps_is_other_content() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        headers = {"Idempotency-Key": str(world.ids.mint())}
        statuses = [
            (await world.ask("asker", "POST", "/v1/jobs", a_body(**named), **headers))[0]
            for named in ({"compensations": [SLOT]}, {"compensations": [SLOT]}, {})
        ]

        assert statuses == [202, 202, 422]

    in_the_whole_world(story)


def test_each_job_of_a_batch_may_name_them() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        keys = [str(world.ids.mint()) for _ in range(2)]
        jobs = [
            a_body(idempotency_key=keys[0], compensations=[SLOT]),
            a_body(idempotency_key=keys[1], supersedes=str(UUID(int=7))),
        ]
        status, batch = await world.ask("asker", "POST", "/v1/batches", {"jobs": jobs})

        assert (status, [line["status"] for line in batch["data"]]) == (200, [202, 422])
        job_id = batch["data"][0]["job"]["id"]
        job = await world.until("asker", job_id, lambda job: job["state"] == "completed")
        assert [each["name"] for each in job["compensations"]] == ["release-slot"]

    in_the_whole_world(story)


async def test_a_job_that_is_not_there_yet_is_waited_for_as_it_would_not_hear_whose_place_is_taken(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a job that was taken a moment ago and waits for a control plane, then who supersedes it is taken once it is there,
    and asked to come again where that takes too long.
    """
    world.plane.asleep = True
    first = (await world.submit()).json()["id"]
    monkeypatch.setattr("queuebit_gateway.http.sagas.TAKEN_WAIT_S", 0.01)
    early = await world.submit(body=a_body(supersedes=first))
    batch = await world.http.post(
        "/v1/batches",
        json={"jobs": [a_body(idempotency_key="one", supersedes=first)]},
        headers=await world.headers(),
    )
    monkeypatch.setattr("queuebit_gateway.http.sagas.TAKEN_WAIT_S", 60.0)
    waiting = asyncio.create_task(world.submit(body=a_body(supersedes=first)))
    await asyncio.wait([waiting], timeout=0.05)
    (asked,) = world.plane.submissions
    await world.plane.take(asked)
    late = await waiting

    assert (early.status_code, early.json()["code"]) == (503, "service_unavailable")
    assert int(early.headers["retry-after"]) >= 1
    assert early.json()["errors"][0]["pointer"] == "/supersedes"
    assert [line["status"] for line in batch.json()["data"]] == [503]
    assert late.status_code == 202
    assert isinstance(world.plane.submissions[-1].data, ev.JobSubmitted)
    assert str(world.plane.submissions[-1].data.supersedes) == first
