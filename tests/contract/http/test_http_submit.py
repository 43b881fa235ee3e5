"""POST /v1/jobs: taken once, said once, refused with reasons."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queuebit_contracts import events as ev
from queuebit_contracts.channels import ADMITTED
from queuebit_contracts.ids import derive_id, job_id_of, uuid7
from queuebit_contracts.origin import Origin
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Jobs
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world


@pytest.mark.parametrize("key", [str(uuid7(1, 1)), "order-17"])
async def test_a_job_that_was_accepted_is_there_for_every_gateway_while_nobody_decides(
    world: RunningGateway, key: str
) -> None:
    """Given a control plane that is down, then a gateway that was started after the answer shows what was answered."""
    world.plane.asleep = True
    deadline = (world.clock.now() + timedelta(hours=1)).isoformat()
    body = {**a_body(), "subject": "order 17", "labels": {"team": "a"}, "tier": "batch", "deadline": deadline}
    answer = await world.submit(key, body)
    job_id = UUID(answer.json()["id"])

    restarted = Jobs(world.store)
    view = await restarted.view(await restarted.find(Asker("acme"), job_id))

    assert json.loads(view.model_dump_json()) == answer.json()
    assert answer.json()["origin"]["subject"] == "order 17"
    for tenant, asked in (("globex", job_id), ("acme", uuid7(1, 2))):
        with pytest.raises(Refusal, match="job"):
            await restarted.find(Asker(tenant), asked)


async def test_what_the_caller_says_of_a_job_travels_with_it_and_does_not_make_it_another(
    world: RunningGateway,
) -> None:
    key = str(world.parts.ids.mint())
    said = {"subject": "order 17", "correlation_id": "c-1", "labels": {"team": "a"}}

    first = await world.submit(key, {**a_body(), **said})
    again = await world.submit(key, {**a_body(), **said, "correlation_id": "c-2"})

    await asyncio.wait_for(world.plane.seen.wait(), 60)
    (envelope,) = world.plane.submissions
    assert isinstance(envelope.data, ev.JobSubmitted)
    assert envelope.data.origin == Origin(subject="order 17", correlation_id="c-1")
    assert (first.status_code, again.status_code) == (202, 202)
    path = f"/v1/jobs/{first.json()['id']}?after_version=0"
    shown = (await world.http.get(path, headers=await world.headers())).json()["origin"]
    assert shown == {**said, "event_id": None, "source": None, "idempotency_key": key}


async def test_takes_a_job_and_publishes_it(world: RunningGateway) -> None:
    key = world.parts.ids.mint()

    answer = await world.submit(str(key), traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    job_id = job_id_of("acme", key)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"
    assert answer.headers["etag"] == '"0"'
    assert "idempotency-replayed" not in answer.headers
    view = answer.json()
    shown = {
        name: view[name] for name in ("object", "id", "tenant", "state", "kind", "tier", "lane", "version", "answer")
    }
    assert shown == {
        "object": "job",
        "id": str(job_id),
        "tenant": "acme",
        "state": "submitted",
        "kind": "maxcut",
        "tier": "interactive",
        "lane": "classical",
        "version": 0,
        "answer": None,
    }
    (record,) = world.broker.records(ADMITTED)
    assert record.key == str(job_id).encode()
    await asyncio.wait_for(world.plane.seen.wait(), 60)
    (envelope,) = world.plane.submissions
    assert envelope.id == derive_id(job_id, "JobSubmitted")
    assert envelope.subject == str(job_id)
    assert envelope.tenant == "acme"
    assert envelope.source == "/queuebit/gateway"
    assert envelope.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert isinstance(envelope.data, ev.JobSubmitted)
    assert envelope.data.idempotency_key == str(key)
    assert len(envelope.data.fingerprint or "") == 64


@pytest.mark.parametrize("key", ["order-4711", '"order-4711"'])
async def test_takes_any_key_quoted_or_bare(world: RunningGateway, key: str) -> None:
    first = await world.submit(key)
    again = await world.submit("order-4711")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert UUID(first.json()["id"]).version == 7


async def test_repeat_shows_the_job_as_it_is_now(world: RunningGateway) -> None:
    first = await world.submit("k", Prefer="wait=5")
    again = await world.submit("k")

    assert first.json()["state"] == "completed"
    assert first.headers["preference-applied"] == "wait=5"
    assert again.json() == first.json()
    assert len(world.broker.records(ADMITTED)) == 1


async def test_a_thousand_concurrent_repeats_are_one_job(world: RunningGateway) -> None:
    headers = await world.headers(**{"Idempotency-Key": str(world.parts.ids.mint())})

    answers = await asyncio.gather(*(world.http.post("/v1/jobs", json=a_body(), headers=headers) for _ in range(1000)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(world.store.database.streams) <= 1
    assert len(world.broker.records(ADMITTED)) == 1


async def test_concurrent_jobs_share_calls(world: RunningGateway) -> None:
    calls: list[str] = []

    async def count(operation: str) -> None:
        calls.append(operation)

    world.store.hooks.before = count
    answers = await asyncio.gather(*(world.submit() for _ in range(200)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 200
    assert calls.count("reserve") < 50


async def test_a_crash_between_holding_the_key_and_publishing_loses_nothing(world: RunningGateway) -> None:
    world.broker.fail_publishes(1)

    failed = await world.submit("k")
    again = await world.submit("k", Prefer="wait=5")

    assert (failed.status_code, failed.json()["code"], failed.json()["retry"]) == (
        503,
        "service_unavailable",
        "same_request",
    )
    assert int(failed.headers["retry-after"]) >= 1
    assert again.status_code == 202
    assert again.json()["state"] == "completed"


async def test_another_process_publishes_what_the_first_did_not(world: RunningGateway) -> None:
    world.plane.asleep = True
    first = await world.submit("k")
    world.parts.submitter._published.clear()

    again = await world.submit("k")

    assert again.json()["id"] == first.json()["id"]
    records = world.broker.records(ADMITTED)
    assert [dict(record.headers)["ce_id"] for record in records] == [dict(records[0].headers)["ce_id"]] * 2


async def test_refuses_a_key_that_stands_for_other_content(world: RunningGateway) -> None:
    first = await world.submit("k")
    other = await world.submit("k", a_body(seed=7))

    problem = other.json()
    assert other.status_code == 422
    assert problem["code"] == "idempotency_key_reused"
    assert problem["job_id"] == first.json()["id"]
    assert problem["errors"][0]["pointer"] == "header:Idempotency-Key"
    assert "new Idempotency-Key" in problem["remedy"]


async def test_refuses_a_repeat_where_the_key_stands_for_other_content_of_another_door(world: RunningGateway) -> None:
    world.plane.asleep = True
    key = str(world.parts.ids.mint())
    first = await world.submit(key)
    await world.plane.seen.wait()
    published = world.plane.submissions[0]
    await world.plane.take(published._replace(data=published.data.model_copy(update={"fingerprint": "other"})))

    again = await world.submit(key)

    assert (again.status_code, again.json()["code"]) == (422, "idempotency_key_reused")
    assert again.json()["job_id"] == first.json()["id"]


async def test_keys_of_two_tenants_are_apart(world: RunningGateway) -> None:
    mine = await world.submit("k")
    theirs = await world.http.post(
        "/v1/jobs", json=a_body(seed=1), headers=await world.headers("globex", **{"Idempotency-Key": "k"})
    )
    assert (mine.status_code, theirs.status_code) == (202, 202)
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("ordered", [True, False], ids=["uuid7", "any-text"])
@pytest.mark.parametrize("prefer", ["wait=5", "respond-async"])
async def test_a_repeat_is_answered_also_after_the_deadline(world: RunningGateway, prefer: str, ordered: bool) -> None:
    soon = (world.clock.now() + timedelta(minutes=1)).isoformat()
    key = str(world.parts.ids.mint()) if ordered else "order-1"
    first = await world.submit(key, a_body(deadline=soon), Prefer=prefer)
    world.clock.offset = timedelta(minutes=2)

    again = await world.submit(key, a_body(deadline=soon))

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]


def _spelled(value: Any, draw: st.DataObject) -> str:
    """The same JSON with other key order and white space."""
    if isinstance(value, dict):
        names = draw.draw(st.permutations(sorted(value)))
        inner = ",".join(f"{json.dumps(name)}{_space(draw)}:{_spelled(value[name], draw)}" for name in names)
        return "{" + _space(draw) + inner + _space(draw) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_space(draw) + _spelled(item, draw) for item in value) + "]"
    return json.dumps(value)


def _space(draw: st.DataObject) -> str:
    return draw.draw(st.sampled_from(["", " ", "\n", "\t  "]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_key_order_and_white_space_never_conflict(data: st.DataObject) -> None:
    body = a_body(seed=3, params={"b": 1, "a": 2}, labels={"y": "1", "x": "2"})
    texts = [_spelled(body, data) for _ in range(3)]

    async def run() -> list[httpx2.Response]:
        async with a_world() as world:
            headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
            return [await world.http.post("/v1/jobs", content=text, headers=headers) for text in texts]

    answers = asyncio.run(run())
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_who_wants_no_waiting_and_waits_for_the_answer_is_told_at_once_that_it_would_wait(
    world: RunningGateway,
) -> None:
    """Given a lane that is full, then a caller who prefers to wait gets 429 with when to come again, a repeat of the key too;
    and one who does not is told on the job.
    """
    world.plane.reject, world.plane.reject_code, world.plane.retry_after_s = True, "would_wait", 20.0
    body, key = a_body(params={"queue": "never"}), str(world.parts.ids.mint())
    told = await world.submit(body=body, key=key, Prefer="wait=5")
    again = await world.submit(body=body, key=key, Prefer="wait=5")
    later = await world.submit(body=body)
    job = (await world.http.get(f"/v1/jobs/{told.json()['job_id']}", headers=await world.headers())).json()

    for answer in (told, again):
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "would_wait", "20")
        assert answer.json()["errors"][0]["pointer"] == "/params/queue"
    assert later.status_code == 202
    assert (job["state"], job["rejection"]["retry_after_s"]) == ("rejected", 20.0)
