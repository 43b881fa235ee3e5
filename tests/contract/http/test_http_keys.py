"""API keys by the API: shown once, never wider than who makes them, rotated with an overlap, revoked at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from queuebit_contracts.events import BackendStatusReported
from queuebit_gateway.access.authentication import ROLES, row_of
from queuebit_gateway.access.use import note
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.directory.keys import make_key, parse_key
from queuebit_store.errors import StoreUnavailable
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_body


async def _make(world: RunningGateway, body: Any, key: str = "one", headers: Any = None) -> httpx2.Response:
    mine = headers or await world.headers("acme", "admin")
    return await world.http.post("/v1/keys", json=body, headers={**mine, "Idempotency-Key": key})


async def _narrow(world: RunningGateway, number: int = 700, role: Any = "admin", **narrowed: Any) -> dict[str, str]:
    """The headers of a key that is narrowed."""
    text = make_key(number, 10**60 + number)
    await world.store.add_tenant("acme", world.clock.now())
    await world.store.add_key(row_of(text, PEPPER, "acme", role, world.clock.now(), **narrowed))
    return {"Authorization": f"Bearer {text}"}


async def test_a_key_is_shown_once_and_opens_what_it_says(world: RunningGateway) -> None:
    made = await _make(world, {"name": "plans", "role": "submitter", "scopes": ["job:submit"], "days": 7})
    key = made.json()
    mine = await world.headers("acme", "admin")
    theirs = {"Authorization": f"Bearer {key['key']}"}

    taken = await world.http.post("/v1/jobs", json=a_body(), headers={**theirs, "Idempotency-Key": "k"})
    narrowed = await world.http.get("/v1/jobs", headers=theirs)
    shown = await world.http.get(f"/v1/keys/{key['id']}", headers=mine)
    listed = await world.http.get("/v1/keys", headers=mine)

    assert (made.status_code, made.headers["location"]) == (201, f"/v1/keys/{key['id']}")
    assert key["key"].startswith(key["prefix"])
    assert (parse_key(key["key"]) or made).key_id == key["id"]  # type: ignore[union-attr]
    assert (taken.status_code, narrowed.json()["code"]) == (202, "scope_forbids")
    assert shown.json() == {name: value for name, value in key.items() if name != "key"}
    assert (key["state"], key["made_by"], key["last_used_at"]) == ("live", mine["Authorization"][15:23], None)
    secret = key["key"].rpartition("_")[2]
    assert all(secret not in answer.text for answer in (shown, listed))
    assert secret not in repr(world.store.database.api_keys[key["id"]])


async def test_a_repeat_makes_no_second_key_and_shows_none(world: RunningGateway) -> None:
    first, again = [await _make(world, {"name": "plans"}) for _ in range(2)]
    other = await _make(world, {"name": "plans"}, "two")

    assert (again.status_code, again.json()["code"]) == (409, "key_made_before")
    assert first.json()["id"] in again.json()["detail"]
    assert other.json()["id"] != first.json()["id"]
    assert (await world.http.post("/v1/keys", json={}, headers=await world.headers("acme", "admin"))).status_code == 400


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_makes_a_key_that_is_wider_than_ones_own(world: RunningGateway, role: str) -> None:
    """An administrator is one of a tenant: what concerns all tenants is not theirs to give."""
    answer = await _make(world, {"role": role})
    assert answer.status_code == (403 if role == "operator" else 201)
    if role == "operator":
        assert (answer.json()["code"], answer.json()["errors"][0]["pointer"]) == ("key_exceeds_yours", "/role")


@pytest.mark.parametrize(
    ("mine", "wanted", "pointers"),
    [
        ({"scopes": ["key:write", "job:read"]}, {"role": "viewer"}, ["/role"]),
        ({"scopes": ["key:write", "job:read"]}, {"role": "admin"}, ["/role"]),
        ({"scopes": ["key:write", "job:read"]}, {"role": "viewer", "scopes": ["job:read"]}, []),
        ({"networks": ["127.0.0.0/8"]}, {}, ["/networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["0.0.0.0/0"]}, ["/networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["127.1.0.0/16", "10.0.0.0/8"]}, ["/networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["::/0"]}, ["/networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["127.1.0.0/16"]}, []),
        ({"project": "routes"}, {}, ["/project"]),
        ({"environment": "dev"}, {"environment": "production"}, ["/environment"]),
        ({"project": "routes", "environment": "dev"}, {"project": "routes", "environment": "dev"}, []),
    ],
    ids=str,
)
async def test_a_narrowed_key_makes_none_that_is_wider(
    world: RunningGateway, mine: Any, wanted: Any, pointers: list[str]
) -> None:
    headers = await _narrow(world, **mine)
    answer = await _make(world, wanted, headers=headers)
    assert answer.status_code == (403 if pointers else 201)
    assert [each["pointer"] for each in answer.json().get("errors", [])] == pointers


@pytest.mark.parametrize(("mine", "wanted", "found"), [(1, 366, 1), (30, 7, 7), (None, 366, 366)])
async def test_a_key_makes_none_that_outlives_it(
    world: RunningGateway, mine: int | None, wanted: int, found: int
) -> None:
    headers = await _narrow(world, life=None if mine is None else timedelta(days=mine))
    made = (await _make(world, {"days": wanted}, headers=headers)).json()
    lives = datetime.fromisoformat(made["expires_at"]) - world.clock.now()
    assert timedelta(days=found, minutes=-5) < lives <= timedelta(days=found)


async def test_who_rotates_anothers_key_has_it_no_longer_than_its_own_and_ones_own_is_renewed(
    world: RunningGateway,
) -> None:
    mine = {**await _narrow(world, life=timedelta(days=1)), "Idempotency-Key": "r"}
    theirs = (await _make(world, {"days": 366})).json()["id"]
    own = mine["Authorization"][15:23]

    lives = {}
    world.clock.offset = timedelta(hours=12)
    for key_id in (theirs, own):
        turned = await world.http.post(f"/v1/keys/{key_id}/rotate", json={"overlap_s": 60}, headers=mine)
        lives[key_id] = datetime.fromisoformat(turned.json()["expires_at"]) - world.clock.now()

    assert timedelta(hours=11) < lives[theirs] <= timedelta(hours=12)
    assert timedelta(hours=23) < lives[own] <= timedelta(hours=24)


@pytest.mark.parametrize(("scopes", "status"), [(["job:submit", "job:read"], 403), (["job:submit", "job:cancel"], 202)])
async def test_who_may_not_cancel_a_job_does_not_withdraw_it_by_another_that_takes_its_place(
    world: RunningGateway, scopes: list[str], status: int
) -> None:
    job = (await world.submit(Prefer="wait=5")).json()["id"]
    theirs = await _narrow(world, role="submitter", scopes=scopes)
    body = a_body(supersedes=job)

    alone = await world.http.post("/v1/jobs", json=body, headers={**theirs, "Idempotency-Key": "k"})
    jobs = {"jobs": [{**body, "idempotency_key": "b"}]}
    batch = (await world.http.post("/v1/batches", json=jobs, headers=theirs)).json()["data"]

    assert (alone.status_code, batch[0]["status"]) == (status, status)


async def test_an_administrator_of_a_project_makes_and_rotates_keys_of_its_own(world: RunningGateway) -> None:
    """What no key of a project may, such as to read the trail, none of them is refused for."""
    mine = await _narrow(world, project="routes")
    own = mine["Authorization"][15:23]

    made = await _make(world, {"role": "admin", "project": "routes"}, headers=mine)
    turned = await world.http.post(f"/v1/keys/{own}/rotate", headers={**mine, "Idempotency-Key": "r"})
    theirs = {"Authorization": f"Bearer {turned.json().get('key')}"}
    told = [(await world.http.get(path, headers=theirs)).status_code for path in ("/v1/keys", "/v1/audit")]

    assert (made.status_code, turned.status_code, told) == (201, 201, [200, 403])


async def test_a_narrowed_key_does_not_rotate_a_wider_one(world: RunningGateway) -> None:
    """Else whoever may rotate would be shown the text of a key that may everything."""
    wide = (await _make(world, {"role": "admin"})).json()
    headers = {**await _narrow(world, scopes=["key:write"]), "Idempotency-Key": "r"}
    answer = await world.http.post(f"/v1/keys/{wide['id']}/rotate", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "key_exceeds_yours")
    assert (await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {wide['key']}"})).status_code == 200


async def test_a_key_of_a_tenants_own_making_decides_on_nothing(world: RunningGateway) -> None:
    """Else one person would ask with one key and allow with another. Keys with duties are of who runs the gateway alone."""
    made = (await _make(world, {"role": "admin"})).json()
    named = await _make(world, {"role": "admin", "scopes": ["approval:decide"]}, "two")
    duty = await _narrow(world, 701, scopes=["duty:owners"])
    key_id = duty["Authorization"][15:23]
    turned = await world.http.post(
        f"/v1/keys/{key_id}/rotate", headers=await world.headers("acme", "admin", **{"Idempotency-Key": "r"})
    )

    actor = await world.parts.authenticator.actor(f"Bearer {made['key']}", "127.0.0.1")
    assert (actor.may("approval:decide"), actor.may("job:submit")) == (False, True)
    assert [each.json()["errors"][0]["pointer"] for each in (named, turned)] == ["/scopes", "/scopes"]


async def test_a_rotation_opens_with_both_until_the_overlap_ends(world: RunningGateway) -> None:
    made = (await _make(world, {"name": "plans", "role": "viewer", "scopes": ["job:read"], "days": 30})).json()
    headers = await world.headers("acme", "admin", **{"Idempotency-Key": "r"})
    turned = await world.http.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_s": 60}, headers=headers)
    again = await world.http.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_s": 60}, headers=headers)
    fresh = turned.json()
    no_number = await world.http.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_s": False}, headers=headers)
    assert (no_number.status_code, no_number.json()["errors"][0]["pointer"]) == (422, "/overlap_s")

    async def opens(text: str) -> int:
        return (await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {text}"})).status_code

    assert [await opens(each["key"]) for each in (made, fresh)] == [200, 200]
    world.clock.offset, world.clock.moved_s = timedelta(seconds=61), 61.0
    assert [await opens(each["key"]) for each in (made, fresh)] == [401, 200]
    same = ("name", "role", "scopes", "networks", "project", "environment")
    assert [fresh[name] for name in same] == [made[name] for name in same]
    assert (turned.status_code, again.status_code) == (201, 409)
    assert (await world.http.post(f"/v1/keys/{made['id']}/rotate", headers=headers)).status_code == 404


async def test_a_rotation_whose_gateway_died_between_is_ended_by_its_repeat(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a new key that was made, and a former one that was not told to end, then the repeat tells it."""
    made = (await _make(world, {"role": "viewer"})).json()
    headers = await world.headers("acme", "admin", **{"Idempotency-Key": "r"})

    async def dies(*_: Any) -> bool:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(world.store, "expire_key", dies)
        first = await world.http.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_s": 60}, headers=headers)
    repeat = await world.http.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_s": 60}, headers=headers)
    shown = (await world.http.get(f"/v1/keys/{made['id']}", headers=headers)).json()

    assert (first.status_code, repeat.status_code, repeat.json()["code"]) == (503, 409, "key_made_before")
    assert shown["expires_at"] < made["expires_at"]


async def test_a_key_that_is_revoked_opens_nothing_any_more(world: RunningGateway) -> None:
    made = (await _make(world, {"role": "viewer"})).json()
    mine = await world.headers("acme", "admin")
    gone = [await world.http.delete(f"/v1/keys/{made['id']}", headers=mine) for _ in range(2)]
    answer = await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {made['key']}"})

    assert [each.status_code for each in gone] == [204, 204]
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")
    assert (await world.http.get(f"/v1/keys/{made['id']}", headers=mine)).json()["state"] == "revoked"


async def test_a_key_for_a_project_takes_none_of_another_out_of_use(world: RunningGateway) -> None:
    mine = await _narrow(world, project="routes", environment="dev")
    theirs = (await _make(world, {"project": "loads"})).json()["id"]
    own = (await _make(world, {"project": "routes", "environment": "dev"}, "two")).json()["id"]

    refused = await world.http.delete(f"/v1/keys/{theirs}", headers=mine)
    done = await world.http.delete(f"/v1/keys/{own}", headers=mine)

    assert (refused.status_code, refused.json()["code"]) == (404, "key_not_found")
    assert (world.store.database.api_keys[theirs].revoked_at, done.status_code) == (None, 204)


async def test_when_a_key_was_last_used_is_noted_for_all_at_once(world: RunningGateway) -> None:
    made = (await _make(world, {"role": "viewer"})).json()
    await world.http.get("/v1/jobs", headers={"Authorization": f"Bearer {made['key']}"})
    used = world.parts.authenticator.used
    assert made["id"] in used
    await note(used, world.store)

    shown = await world.http.get(f"/v1/keys/{made['id']}", headers=await world.headers("acme", "admin"))
    assert shown.json()["last_used_at"] is not None
    assert list(used) == [(await world.key("acme", "admin"))[8:16]]


async def test_a_tenant_has_so_many_live_keys_and_no_more(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queuebit_gateway.access.issuing.KEYS_MAX", 3)
    found = [await _make(world, {}, str(nth)) for nth in range(3)]
    await world.http.delete(f"/v1/keys/{found[0].json()['id']}", headers=await world.headers("acme", "admin"))
    found.append(await _make(world, {}, "again"))
    assert [each.status_code for each in found] == [201, 201, 409, 201]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "emperor"}, "/role"),
        ({"scopes": ["job:everything"]}, "/scopes/0"),
        ({"networks": ["10.0.0.1/8"]}, "/networks/0"),
        ({"networks": ["here"]}, "/networks/0"),
        ({"days": 0}, "/days"),
        ({"days": 367}, "/days"),
        ({"project": "a/b"}, "/project"),
        ({"environment": ""}, "/environment"),
        ({"name": "x" * 101}, "/name"),
        ({"tenant": "globex"}, "/tenant"),
    ],
)
async def test_what_is_wrong_is_named(world: RunningGateway, body: Any, pointer: str) -> None:
    answer = await _make(world, body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_jobs_of_a_key_belong_to_its_project_and_environment(world: RunningGateway) -> None:
    theirs = await _narrow(world, role="submitter", project="routes", environment="dev")

    async def ask(key: str, **changes: Any) -> httpx2.Response:
        headers = {**theirs, "Idempotency-Key": key, "Prefer": "wait=5"}
        return await world.http.post("/v1/jobs", json=a_body(**changes), headers=headers)

    plain = await ask("a", labels={"team": "x"})
    said = await ask("b", labels={"environment": "dev"})
    other = await ask("c", labels={"environment": "production"})
    dear = await ask("d", lane="quantum")
    odd = await ask("e", labels=[])
    batch = {"jobs": [{**a_body(), "idempotency_key": "f"}, {**a_body(lane="quantum"), "idempotency_key": "g"}]}
    lines = (await world.http.post("/v1/batches", json=batch, headers=theirs)).json()["data"]

    labels = [envelope.data.request.labels for envelope in world.plane.submissions]  # type: ignore[union-attr]
    bound = {"project": "routes", "environment": "dev"}
    assert labels == [{"team": "x", **bound}, bound, bound]
    assert [each.status_code for each in (plain, said, other, dear, odd)] == [202, 202, 403, 403, 422]
    assert [each.json()["errors"][0]["pointer"] for each in (other, dear)] == ["/labels/environment", "/lane"]
    assert [line["status"] for line in lines] == [202, 403]


async def test_a_rehearsal_is_planned_as_if_there_were_no_quantum_hardware(world: RunningGateway) -> None:
    """Given a device that reports itself, then a question of production goes there, and the same one of staging does not."""
    status = BackendStatusReported(backend="a-device", lane="quantum", available=True, qubits_max=20)
    await world.store.keep_reports([ReportedBackend("a-device", world.clock.now(), status.model_dump(mode="json"))])
    nodes = {"nodes": 6, "edges": [[nth, nth + 1, 1] for nth in range(5)]}
    lanes = {}
    for environment in ("production", "staging"):
        body = {"problem": {"kind": "maxcut", "statement": nodes}, "labels": {"environment": environment}}
        answer = await world.http.post("/v1/jobs?validate_only=true", json=body, headers=await world.headers())
        lanes[environment] = {leg["lane"] for leg in answer.json()["plan"]["legs"]}
    assert "quantum" in lanes["production"]
    assert "quantum" not in lanes["staging"]
