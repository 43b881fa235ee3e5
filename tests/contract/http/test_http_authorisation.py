"""Who may do what, over every route there is: generated from the routes, so that a new one is in it or fails here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute

from queuebit_gateway.access.authentication import ROLES, Action, row_of
from queuebit_gateway.http.app import ROUTERS
from queuebit_gateway.http.parts import actor_who
from queuebit_store.directory.keys import make_key
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_body

MAY = {
    "job:read": {"viewer", "submitter", "operator", "admin"},
    "kind:read": {"viewer", "submitter", "operator", "admin"},
    "backend:read": {"viewer", "submitter", "operator", "admin"},
    "backend:detail": {"operator", "admin"},
    "job:submit": {"submitter", "admin"},
    "job:cancel": {"submitter", "operator", "admin"},
    "artifact:read": {"submitter", "operator", "admin"},
    "webhook:read": {"submitter", "operator", "admin"},
    "webhook:write": {"admin"},
    "operator:read": {"operator"},
    "approval:read": {"viewer", "submitter", "operator", "admin"},
    "outcome:report": {"submitter", "admin"},
    "approval:decide": {"submitter", "operator", "admin"},
    "key:read": {"admin"},
    "key:write": {"admin"},
    "budget:read": {"viewer", "submitter", "operator", "admin"},
    "operator:write": {"operator"},
    "audit:read": {"operator", "admin"},
    "payload:read": {"submitter", "admin"},
}
"""Written down a second time, so that nobody widens a role by mistake."""
DECISION = {"digest": "d0" * 32, "reason": "r"}
OPEN_TO_ALL = {"/", "/console", "/console/{path:path}", "/problems", "/problems/{code}"}
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _asked(route: APIRoute) -> actor_who | None:
    found = [each.call for each in route.dependant.dependencies if isinstance(each.call, actor_who)]
    return found[0] if found else None


def _name(route: APIRoute) -> str:
    return f"{sorted(route.methods or ())[0]} {route.path}"


async def _send(world: RunningGateway, route: APIRoute, headers: dict[str, str], **ids: str) -> Any:
    path = route.path.format_map(defaultdict(lambda: "x", kind="maxcut", number="1", **ids))
    method = sorted(route.methods or ())[0]
    body: dict[str, Any] | None = None if method in ("GET", "DELETE") else {}
    return await world.http.request(method, path, json=body, headers=headers)


def test_every_route_asks_who_it_is_or_is_open_to_all() -> None:
    assert {route.path for route in ROUTES if _asked(route) is None} == OPEN_TO_ALL
    assert set(MAY) == set(get_args(Action))
    actions = {found.action for route in ROUTES if (found := _asked(route)) is not None}
    assert actions == set(MAY) - {"backend:detail"}


@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in OPEN_TO_ALL], ids=_name)
async def test_a_route_is_open_to_the_roles_of_its_action_and_shut_to_all_others(
    world: RunningGateway, route: APIRoute
) -> None:
    world.parts.tailer.close()
    asked = _asked(route)
    assert asked is not None
    strangers = await _send(world, route, {})
    unknown = await _send(world, route, {"Authorization": "Bearer qb_live_nobody"})

    found = {}
    for role in ROLES:
        answer = await _send(world, route, await world.headers("acme", role))
        assert answer.status_code not in (401, 500)
        found[role] = answer.status_code != 403

    assert (strangers.json()["code"], unknown.json()["code"]) == ("key_missing", "key_malformed")
    assert found == {role: role in MAY[asked.action] for role in ROLES}


OWNED = {"{job_id}": "job_not_found", "{webhook_id}": "webhook_not_found", "{key_id}": "key_not_found"}
"""What a path names, and the code of what is not there."""


@pytest.mark.parametrize("route", [each for each in ROUTES if any(name in each.path for name in OWNED)], ids=_name)
@pytest.mark.parametrize("project", [None, "loads"])
async def test_what_is_anothers_is_not_there(world: RunningGateway, route: APIRoute, project: str | None) -> None:
    """Given a job, a webhook and a key of one tenant, then an administrator of another finds none, as if they were nowhere;
    nor does one of the same tenant for another project.
    """
    job_id = (await world.submit(Prefer="wait=5")).json()["id"]
    mine = await world.headers("acme", "admin", **{"Idempotency-Key": "hook"})
    made = await world.http.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/"}, headers=mine)
    key = await world.http.post("/v1/keys", json={"name": "theirs"}, headers=mine)
    wanted = {
        "replay": {"since": "2026-01-01T00:00:00Z"},
        "grant": DECISION,
        "deny": DECISION,
        "outcomes": {"acted": True},
        "reveal": {"reason": "r"},
    }
    body = wanted.get(route.path.rpartition("/")[2], {})
    path = route.path.format_map(
        {"job_id": job_id, "webhook_id": made.json()["id"], "key_id": key.json()["id"], "sha256": "0" * 64}
    )
    method = sorted(route.methods or ())[0]
    theirs = await world.headers("globex", "admin") if project is None else await _of_project(world, project)
    theirs["Idempotency-Key"] = "other"

    answer = await world.http.request(method, path, json=None if method in ("GET", "DELETE") else body, headers=theirs)

    code = next(code for name, code in OWNED.items() if name in route.path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert (await world.http.get("/v1/webhooks", headers=mine)).json()["data"][0]["version"] == 1
    keys = (await world.http.get("/v1/keys", headers=mine)).json()["data"]
    assert {each["name"]: each["state"] for each in keys}["theirs"] == "live"


async def _of_project(world: RunningGateway, project: str) -> dict[str, str]:
    text = make_key(900, 10**60 + 900)
    await world.store.add_key(row_of(text, PEPPER, "acme", "admin", world.clock.now(), project=project))
    return {"Authorization": f"Bearer {text}"}


async def test_a_batch_and_a_dry_run_belong_to_the_tenant_of_the_key(world: RunningGateway) -> None:
    headers = await world.headers("globex", "admin")
    batch = {"jobs": [{**a_body(), "tenant": "acme", "idempotency_key": "k"}]}

    line = (await world.http.post("/v1/batches", json=batch, headers=headers)).json()["data"][0]
    dry = await world.http.post("/v1/jobs?validate_only=true", json=a_body(tenant="acme"), headers=headers)

    assert (line["status"], line["problem"]["code"]) == (403, "tenant_forbidden")
    assert (dry.status_code, dry.json()["code"]) == (403, "tenant_forbidden")
