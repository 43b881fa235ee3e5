"""A key for a project and environment: it sees the jobs of its own, and of all else that the tenant has nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from queuebit_domain.job.summary import PLACE
from queuebit_gateway.access.authentication import Role, row_of
from queuebit_gateway.http.requests import read_job
from queuebit_gateway.http.tenant_stream import tenant_stream
from queuebit_gateway.read_model.cursors import Seen
from queuebit_store.budgets.port import Budget
from queuebit_store.directory.keys import make_key
from queuebit_store.ports import Head, Position
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_body, counted
from tests.contract.http.sse_frames import frames

PLACES = [("routes", "dev"), ("routes", "production"), ("loads", "dev"), (None, None)]


async def _bound(world: RunningGateway, number: int, role: str = "submitter", **place: Any) -> dict[str, str]:
    text = make_key(number, 10**60 + number)
    await world.store.add_tenant("acme", world.clock.now())
    await world.store.add_key(row_of(text, PEPPER, "acme", cast("Role", role), world.clock.now(), **place))
    return {"Authorization": f"Bearer {text}"}


async def _jobs(world: RunningGateway) -> dict[tuple[str | None, str | None], str]:
    """A job of each place, by what stands in its labels."""
    found = {}
    for project, environment in PLACES:
        said = {name: value for name, value in zip(PLACE, (project, environment), strict=True) if value}
        answer = await world.submit(body=a_body(labels={**said, "team": "x"}), Prefer="wait=5")
        assert answer.json()["state"] == "completed"
        found[project, environment] = answer.json()["id"]
    return found


async def _followed(world: RunningGateway, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The jobs that the stream of all events tells of, from the beginning of the log to its end."""

    async def caught_up(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(world.parts.tenant_events, "grown", caught_up)
    actor = await world.parts.authenticator.actor(headers["Authorization"], "127.0.0.1")
    seen = Seen(Position(), world.clock.now())
    told = tenant_stream(world.parts, actor, seen, names=(), compact=True, gap=None)
    text = b"".join([bytes(piece) async for piece in told]).decode()
    return {json.loads(each.data)["subject"] for each in frames(text) if each.data}


@pytest.mark.parametrize(
    "place",
    [{"project": "routes"}, {"environment": "dev"}, {"project": "routes", "environment": "dev"}, {}],
    ids=str,
)
async def test_it_lists_reads_and_follows_its_own(
    world: RunningGateway, place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await _jobs(world)
    theirs = await _bound(world, 801, **place)
    wanted = (place.get("project"), place.get("environment"))
    own = {
        job
        for at, job in jobs.items()
        if all(mine is None or mine == its for mine, its in zip(wanted, at, strict=True))
    }

    listed = {each["id"] for each in (await world.http.get("/v1/jobs", headers=theirs)).json()["data"]}
    paths = ("", "/explain", "/artifacts", "/events")
    read = {
        path: {
            job
            for job in jobs.values()
            if (await world.http.get(f"/v1/jobs/{job}{path}", headers=theirs)).status_code == 200
        }
        for path in paths
    }
    followed = await _followed(world, theirs, monkeypatch)

    assert (listed, read, followed) == (own, dict.fromkeys(paths, own), own)


async def test_pages_of_a_list_are_its_own_and_a_cursor_of_another_key_is_none(world: RunningGateway) -> None:
    for _ in range(2):
        await _jobs(world)
    theirs, all_ = await _bound(world, 802, project="routes"), await world.headers()

    first = (await world.http.get("/v1/jobs?limit=3", headers=theirs)).json()
    rest = (await world.http.get(first["next_page_url"], headers=theirs)).json()
    other = await world.http.get(first["next_page_url"], headers=all_)

    assert [len(first["data"]), len(rest["data"]), rest["has_more"]] == [3, 1, False]
    assert (other.status_code, other.json()["code"]) == (400, "cursor_mismatch")


async def test_a_head_of_before_does_not_hide_a_job_from_its_own_project_nor_show_it_to_another(
    world: RunningGateway,
) -> None:
    """Given a job whose head was written before projects stood in heads, then its first event tells whose it is."""
    job_id = next(job for (project, _), job in (await _jobs(world)).items() if project == "loads")
    row = next(each for each in world.store.database.streams.values() if str(each.stream_id) == job_id)
    about = {name: value for name, value in row.head.attributes.items() if name not in PLACE}
    assert await world.store.rewrite_heads([(row.stream_id, row.version, Head(row.head.state, None, about))]) == 1

    found = [
        (await world.http.get(f"/v1/jobs/{job_id}", headers=await _bound(world, nth, project=project))).status_code
        for nth, project in enumerate(("loads", "routes"), 810)
    ]

    assert found == [200, 404]


async def test_a_question_that_no_event_tells_yet_is_its_own_already(world: RunningGateway) -> None:
    world.plane.asleep = True
    mine, theirs = await _bound(world, 803, project="routes"), await _bound(world, 804, project="loads")
    taken = await world.http.post("/v1/jobs", json=a_body(), headers={**mine, "Idempotency-Key": "k"})
    job_id = taken.json()["id"]

    found = [(await world.http.get(f"/v1/jobs/{job_id}", headers=each)).status_code for each in (mine, theirs)]
    again = await world.http.post("/v1/jobs", json=a_body(), headers={**theirs, "Idempotency-Key": "k"})

    assert (found, again.json()["code"]) == ([200, 404], "idempotency_key_reused")


async def test_a_refused_question_is_told_to_its_own_project(world: RunningGateway) -> None:
    world.plane.reject = True
    mine, theirs = await _bound(world, 805, project="routes"), await _bound(world, 806, project="loads")
    taken = await world.http.post(
        "/v1/jobs", json=a_body(), headers={**mine, "Idempotency-Key": "k", "Prefer": "wait=5"}
    )
    path = f"/v1/jobs/{taken.json()['id']}"
    found = [(await world.http.get(path, headers=each)).status_code for each in (mine, theirs)]
    assert (taken.json()["state"], found) == ("rejected", [200, 404])


async def test_a_webhook_of_a_project_tells_of_its_jobs_alone(world: RunningGateway) -> None:
    mine = await _bound(world, 807, "admin", project="routes")
    other, whole = await _bound(world, 808, "admin", project="loads"), await world.headers("acme", "admin")
    body = {"url": "http://127.0.0.1:9/", "rule": {"labels": {"team": ["x"]}}}

    made = await world.http.post("/v1/webhooks", json=body, headers={**mine, "Idempotency-Key": "w"})
    path = f"/v1/webhooks/{made.json()['id']}"
    wider = await world.http.patch(path, json={"rule": {}}, headers=mine)
    wrong = await world.http.patch(path, json={"rule": {"labels": {"project": ["loads"]}}}, headers=mine)
    seen = [len((await world.http.get("/v1/webhooks", headers=each)).json()["data"]) for each in (mine, other, whole)]
    gone = await world.http.delete(path, headers=other)

    assert made.json()["rule"]["labels"] == {"team": ["x"], "project": ["routes"]}
    assert wider.json()["rule"]["labels"] == {"project": ["routes"]}
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (403, "/rule/labels/project")
    assert (seen, gone.status_code) == ([1, 0, 1], 404)


async def test_budgets_that_reach_beyond_the_project_are_not_there(world: RunningGateway) -> None:
    await world.headers()
    names = ("acme", "acme/routes", "acme/routes/dev", "acme/loads/dev")
    for name in names:
        budget = Budget(name, "experiment", "USD", "total", Decimal(10))
        await world.store.grant(budget, world.clock.now(), actor="a", reason="r")
    seen = {}
    for nth, place in enumerate(({"project": "routes"}, {"environment": "dev"}, {}), 820):
        theirs = await _bound(world, nth, **place)
        rows = (await world.http.get("/v1/budgets", headers=theirs)).json()["data"]
        seen[str(place)] = {each["budget"] for each in rows}
        whole = (await world.http.get("/v1/budgets", headers=await world.headers())).json()["data"]
        for each in whole:
            for path in ("", "/entries"):
                answer = await world.http.get(f"/v1/budgets/{each['id']}{path}", headers=theirs)
                assert (answer.status_code == 200) is (each["budget"] in seen[str(place)])
    assert list(seen.values()) == [{names[1], names[2]}, {names[2], names[3]}, set(names)]


async def test_what_is_counted_for_the_whole_tenant_or_concerns_all_is_shut(world: RunningGateway) -> None:
    await counted(world)
    theirs = {
        role: await _bound(world, nth, role, project="routes") for nth, role in ((830, "admin"), (831, "operator"))
    }
    asked = [
        (await world.http.get(path, headers=theirs[role])).json()["code"]
        for role, path in (("admin", "/v1/usage"), ("admin", "/v1/backlog"), ("operator", "/v1/record"))
    ]
    assert asked == ["scope_forbids"] * 3


async def test_keys_of_other_projects_are_not_listed(world: RunningGateway) -> None:
    mine = await _bound(world, 840, "admin", project="routes")
    await _bound(world, 841, "admin", project="loads", life=timedelta(days=1))
    found = (await world.http.get("/v1/keys", headers=mine)).json()["data"]
    assert [each["project"] for each in found] == ["routes"]


async def test_jobs_of_who_is_not_named_stay_within_the_installation(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given quantum hardware for admins and one duty, then jobs of all others are kept here, whatever regions they name, and a
    wish for hardware is refused in each way in which jobs are asked for.
    """
    monkeypatch.setattr(world.parts.authenticator, "_hardware", frozenset({"admin", "hardware"}))
    plain, named = await _bound(world, 850), await _bound(world, 851, scopes=["job:submit", "duty:hardware"])
    admin = await _bound(world, 852, "admin")
    body = a_body(lane="auto", params={"regions": "eu", "restarts": 2})
    told = {}
    for name, headers in (("plain", plain), ("named", named), ("admin", admin)):
        actor = await world.parts.authenticator.actor(headers["Authorization"], "127.0.0.1")
        request, _, _ = read_job(dict(body), actor.asker)
        told[name] = request.params["regions"]

    wished = a_body(lane="quantum")
    batch = {"jobs": [{**wished, "idempotency_key": "one"}, {**a_body(), "idempotency_key": "two"}]}
    key = {"Idempotency-Key": "wished"}
    one = await world.http.post("/v1/jobs", json=wished, headers=plain | key)
    dry = await world.http.post("/v1/jobs?validate_only=true", json=wished, headers=plain)
    quote = await world.http.post("/v1/quotes", json=wished, headers=plain)
    many = await world.http.post("/v1/batches", json=batch, headers=plain)
    allowed = await world.http.post("/v1/jobs?validate_only=true", json=wished, headers=named)

    assert told == {"plain": "local", "named": "eu", "admin": "eu"}
    assert [(each.status_code, each.json()["code"]) for each in (one, dry, quote)] == [(403, "role_forbids")] * 3
    assert [each["status"] for each in many.json()["data"]] == [403, 202]
    assert allowed.status_code == 200
