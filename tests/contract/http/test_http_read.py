"""Reading a job, waiting for it, explaining it, listing, cancelling."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.contract.http.running_gateway import LEG, RunningGateway, a_body


async def _get(world: RunningGateway, path: str, **headers: str) -> httpx2.Response:
    return await world.http.get(path, headers=await world.headers(**headers))


async def _done(world: RunningGateway, key: str | None = None, **body: Any) -> dict[str, Any]:
    """A completed job."""
    answer = await world.submit(key, a_body(**body), Prefer="wait=5")
    assert answer.json()["state"] == "completed"
    return dict(answer.json())


async def test_shows_the_checked_answer(world: RunningGateway) -> None:
    job = await _done(world, labels={"team": "blue"})

    answer = await _get(world, f"/v1/jobs/{job['id']}")

    view = answer.json()
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"8"'
    expected = {
        "state": "completed", "kind": "maxcut", "lane": "classical", "labels": {"team": "blue"}, "version": 8,
        "answer": {"side": [0, 1]}, "objective": 1, "bound": 1, "gap": 0.0, "proven_optimal": True, "verdict": "accepted",
        "ran": {"lane": "classical", "method": "enumeration", "backend": "test", "backend_version": ""},
        "cost": {"amount": "0", "currency": "USD", "further": None}, "reasons": ["proved"], "failure": None, "rejection": None,
    }  # fmt: skip
    assert {name: view[name] for name in expected} == expected
    assert view["confidence"]["value"] == 1.0
    (leg,) = view["plan"]["legs"]
    assert (view["plan"]["name"], view["plan"]["inputs"], leg["leg"], leg["state"], leg["chosen"]) == (
        "classical_only", None, LEG, "accepted", True,
    )  # fmt: skip
    (attempt,) = view["attempts"]
    assert (attempt["leg"], attempt["number"], attempt["state"], attempt["worker"]) == (LEG, 1, "accepted", "w")
    assert view["progress"]["objective"] == 5
    assert view["events"] is None


async def test_shows_more_on_request(world: RunningGateway) -> None:
    job = await _done(world)

    view = (await _get(world, f"/v1/jobs/{job['id']}?include=events,plan")).json()

    assert view["plan"]["inputs"] == {"n": 6}
    assert view["plan"]["reasons"] == ["asked"]
    assert [event["streamversion"] for event in view["events"]] == list(range(1, 9))
    assert "statement" not in view["events"][0]["data"]["request"]["problem"]
    assert view["events"][0]["trimmed"] == ["/request/problem/statement"]


async def test_shows_a_job_before_its_first_event(world: RunningGateway) -> None:
    world.plane.asleep = True
    job = (await world.submit()).json()

    view = (await _get(world, f"/v1/jobs/{job['id']}")).json()
    explained = (await _get(world, f"/v1/jobs/{job['id']}/explain")).json()

    assert (view["state"], view["version"]) == ("submitted", 0)
    assert explained["summary"] == "Accepted; the control plane has not planned it yet."


async def test_shows_what_the_control_plane_refused_at_its_door(world: RunningGateway) -> None:
    world.plane.reject = True
    job = (await world.submit(Prefer="wait=5")).json()

    assert (job["state"], job["rejection"]["code"], job["rejection"]["field"]) == (
        "rejected", "unknown_tenant", "/request/tenant",
    )  # fmt: skip


async def test_waits_for_the_end(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    job_id = (await world.submit()).json()["id"]
    waiting = asyncio.create_task(_get(world, f"/v1/jobs/{job_id}", Prefer="wait=20"))
    await _get(world, f"/v1/jobs/{job_id}?after_version=2")
    assert not waiting.done()

    await world.plane.finish(UUID(job_id))

    answer = await waiting
    assert answer.json()["state"] == "completed"
    assert answer.headers["preference-applied"] == "wait=20"


async def test_stops_waiting_in_time(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    job_id = (await world.submit()).json()["id"]

    answer = await _get(world, f"/v1/jobs/{job_id}?after_version=3", Prefer="wait=0")

    assert answer.json()["state"] == "queued"


async def test_answers_304_where_nothing_changed(world: RunningGateway) -> None:
    job = await _done(world)

    same = await _get(world, f"/v1/jobs/{job['id']}", **{"If-None-Match": '"8"'})
    other = await _get(world, f"/v1/jobs/{job['id']}", **{"If-None-Match": '"7"'})

    assert (same.status_code, same.content, other.status_code) == (304, b"", 200)


async def test_explains(world: RunningGateway) -> None:
    job = await _done(world)

    story = (await _get(world, f"/v1/jobs/{job['id']}/explain")).json()

    assert {name: story[name] for name in ("plan", "rule", "policy_version", "inputs", "reasons")} == {
        "plan": "classical_only",
        "rule": "wish",
        "policy_version": "1",
        "inputs": {"n": 6},
        "reasons": ["asked", "proved"],
    }
    assert story["summary"].startswith("Answered by enumeration on test (classical lane): objective 1")
    assert [entry["event"] for entry in story["timeline"]] == [
        "JobSubmitted", "JobPlanned", "JobQueued", "JobStarted", "ExecutionProgressed", "ExecutionSucceeded",
        "ResultValidated", "JobCompleted",
    ]  # fmt: skip
    assert story["attempts"][0]["queue_s"] >= 0


@pytest.mark.parametrize("after", [0, 1, 4, 8, 9, 2**63 - 1])
async def test_explains_with_the_timeline_after_a_version(world: RunningGateway, after: int) -> None:
    job = await _done(world)
    whole = (await _get(world, f"/v1/jobs/{job['id']}/explain")).json()
    rest = (await _get(world, f"/v1/jobs/{job['id']}/explain?timeline_after={after}")).json()

    assert len(whole["timeline"]) == 8
    assert rest == {**whole, "timeline": whole["timeline"][after:]}


async def test_lists_in_pages_without_gaps_or_repeats(world: RunningGateway) -> None:
    made = [(await _done(world))["id"] for _ in range(7)]
    pages: list[list[str]] = []
    url: str | None = "/v1/jobs?limit=3&state=completed"
    while url is not None:
        page = (await _get(world, url)).json()
        pages.append([job["id"] for job in page["data"]])
        url = page["next_page_url"]
        assert page["has_more"] == (url is not None)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [job_id for page in pages for job_id in page] == sorted(made, reverse=True)


async def test_list_filters(world: RunningGateway) -> None:
    await _done(world)
    batch = await _done(world, tier="batch")

    async def listed(query: str) -> list[str]:
        return [job["id"] for job in (await _get(world, f"/v1/jobs?{query}")).json()["data"]]

    assert await listed("tier=batch") == [batch["id"]]
    assert await listed("kind=qubo") == []
    assert len(await listed("kind=maxcut&state=completed&state=failed")) == 2
    assert await listed("state=running") == []
    assert len(await listed("created_from=2020-01-01T00:00:00Z")) == 2
    assert await listed("created_to=2020-01-01T00:00:00Z") == []


async def test_cursors_hold_to_their_list(world: RunningGateway) -> None:
    for _ in range(3):
        await _done(world)
    cursor = (await _get(world, "/v1/jobs?limit=1")).json()["next_cursor"]
    foreign = await world.http.get(f"/v1/jobs?cursor={cursor}", headers=await world.headers("globex"))

    assert (await _get(world, f"/v1/jobs?limit=2&cursor={cursor}")).status_code == 200
    mismatch = await _get(world, f"/v1/jobs?state=failed&cursor={cursor}")
    forged = await _get(world, f"/v1/jobs?cursor={'A' + cursor[1:] if cursor[0] != 'A' else 'B' + cursor[1:]}")
    garbage = await _get(world, "/v1/jobs?cursor=%00%ff")
    assert [(answer.status_code, answer.json()["code"]) for answer in (mismatch, foreign, forged, garbage)] == [
        (400, "cursor_mismatch"), (400, "cursor_mismatch"), (400, "cursor_invalid"), (400, "cursor_invalid"),
    ]  # fmt: skip


async def test_cancels(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    job_id = (await world.submit()).json()["id"]

    answer = await world.http.post(
        f"/v1/jobs/{job_id}/cancel", json={"reason": "changed my mind"}, headers=await world.headers()
    )
    view = (await _get(world, f"/v1/jobs/{job_id}", Prefer="wait=5")).json()

    assert answer.status_code == 202
    assert view["state"] == "cancelled"
    assert view["cancellation"] == {"actor": f"key:{(await world.key())[8:16]}", "reason": "changed my mind"}
    assert world.plane.cancellations[0].tenant == "acme"


async def test_refuses_to_cancel_what_has_ended_or_changed(world: RunningGateway) -> None:
    job = await _done(world)
    world.plane.finish_at_once = False
    live = (await world.submit(Prefer="wait=0")).json()["id"]
    await _get(world, f"/v1/jobs/{live}?after_version=2")

    async def cancel(job_id: str, **headers: str) -> httpx2.Response:
        return await world.http.post(f"/v1/jobs/{job_id}/cancel", headers=await world.headers(**headers))

    ended, stale, fits = (
        await cancel(job["id"]),
        await cancel(live, **{"If-Match": '"1"'}),
        await cancel(live, **{"If-Match": '"3"'}),
    )
    assert (ended.status_code, ended.json()["code"], ended.json()["detail"]) == (
        409,
        "job_ended",
        "The job has ended: completed.",
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    assert fits.status_code == 202


async def test_lists_and_shows_kinds(world: RunningGateway) -> None:
    listed = (await _get(world, "/v1/kinds")).json()["data"]
    kind = (await _get(world, "/v1/kinds/maxcut")).json()
    missing = await _get(world, "/v1/kinds/nothing")

    assert "maxcut" in [item["name"] for item in listed]
    assert kind["statement_schema"]["properties"].keys() >= {"nodes", "edges"}
    assert (missing.status_code, missing.json()["code"]) == (404, "kind_not_found")
    sent = await world.submit(body={"problem": kind["example"]})
    assert sent.status_code == 202
