"""What acting on an answer brought, told over HTTP and over Kafka: on the job, once a report, for its tenant alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from queuebit_contracts.channels import REPORTED
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import OutcomeReported
from queuebit_contracts.ids import derive_id
from queuebit_contracts.outcomes import Brought
from queuebit_runtime.bus.port import Outgoing
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.whole_world import WholeWorld, in_the_whole_world

BODY = {"acted": True, "objective": 2, "value": {"amount": "120.50", "currency": "EUR"}, "detail": "two lorries fewer"}


async def _completed(world: WholeWorld) -> str:
    await world.person("asker")
    await world.person("viewer", "viewer")
    await world.person("stranger", "admin", tenant="globex")
    job_id = await world.submit("asker")
    await world.until("asker", job_id, lambda job: job["state"] == "completed")
    return job_id


def test_it_is_on_the_job_once_a_report() -> None:
    async def story(world: WholeWorld) -> None:
        job_id = await _completed(world)
        path = f"/v1/jobs/{job_id}/outcomes"

        first, _ = await world.ask("asker", "POST", path, BODY)
        same, _ = await world.ask("asker", "POST", path, BODY)
        other, _ = await world.ask("asker", "POST", path, BODY, **{"Idempotency-Key": "another"})
        job = await world.until("asker", job_id, lambda job: len(job["outcomes"]) == 2)
        await world.clock.sleep(5)

        assert (first, same, other, job["state"], job["objective"]) == (202, 202, 202, "completed", 2)
        assert len((await world.ask("asker", "GET", f"/v1/jobs/{job_id}"))[1]["outcomes"]) == 2
        told = job["outcomes"][0]
        assert {name: told[name] for name in BODY} == BODY
        assert told["actor"] == "key:00000001"

    in_the_whole_world(story)


def test_a_downstream_service_says_it_over_kafka() -> None:
    async def story(world: WholeWorld) -> None:
        job_id = await _completed(world)

        def say(tenant: str, **said: Any) -> None:
            data = OutcomeReported(acted=True, value=Brought(amount="-1", currency="USD"), **said)
            envelope = Envelope(world.ids.mint(), "/shop", job_id, world.clock.now(), data, tenant)
            record = Outgoing(REPORTED, job_id.encode(), encode_data(data), encode_headers(envelope))
            world.world.broker.append([record, record])

        say("globex")
        say("acme")
        job = await world.until("asker", job_id, lambda job: bool(job["outcomes"]))
        await world.clock.sleep(5)
        (told,) = (await world.ask("asker", "GET", f"/v1/jobs/{job_id}"))[1]["outcomes"]
        assert (told["value"], UUID(told["report_id"]).version) == ({"amount": "-1", "currency": "USD"}, 7)
        assert job["outcomes"] == [told]

    in_the_whole_world(story)


def test_others_and_jobs_without_an_answer_are_refused() -> None:
    async def story(world: WholeWorld) -> None:
        job_id = await _completed(world)
        path = f"/v1/jobs/{job_id}/outcomes"
        assert (await world.ask("viewer", "POST", path, BODY))[1]["code"] == "role_forbids"
        assert (await world.ask("stranger", "POST", path, BODY))[1]["code"] == "job_not_found"
        wrong = {**BODY, "value": {"amount": "much", "currency": "EUR"}}
        assert (await world.ask("asker", "POST", path, wrong))[0] == 422
        status, problem = await world.ask("asker", "POST", path, {**BODY, "objective": False})
        assert (status, {each["pointer"] for each in problem["errors"]}) == (422, {"/objective"})

    in_the_whole_world(story)


async def test_a_job_that_has_not_completed_has_no_outcome(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    job_id = (await world.submit()).json()["id"]
    await world.plane.seen.wait()

    answer = await world.http.post(f"/v1/jobs/{job_id}/outcomes", json=BODY, headers=await world.headers())

    assert (answer.status_code, answer.json()["code"]) == (409, "job_not_completed")


async def test_an_outcome_more_than_a_job_holds_is_refused_and_one_of_before_is_not(world: RunningGateway) -> None:
    job = UUID((await world.submit(Prefer="wait=5")).json()["id"])
    url, headers = f"/v1/jobs/{job}/outcomes", {**await world.headers(), "Idempotency-Key": "first"}
    first = OutcomeReported(acted=True, report_id=derive_id(job, "outcome:first", "acme"))
    others = [OutcomeReported(acted=True, report_id=UUID(int=nth)) for nth in range(1, 1_000)]
    version = len(world.store.database.events[job])
    await world.plane.append(job, version, [first, *others], "completed")

    again = await world.http.post(url, json=BODY, headers=headers)
    more = await world.http.post(url, json=BODY, headers={**headers, "Idempotency-Key": "one-more"})

    assert (again.status_code, more.status_code, more.json()["code"]) == (202, 409, "outcomes_full")
