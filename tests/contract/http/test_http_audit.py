"""What is accounted for: a tenant's trail, written before it is done, and sealed data shown to who says why."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx2
import pytest

from queuebit_contracts.sealed import sealed_mapping
from queuebit_gateway import console
from queuebit_gateway.trail import DeedName
from queuebit_store.errors import StoreUnavailable
from queuebit_store.keys.ring import KeyRing, MasterKeys
from tests.contract.http.running_gateway import RunningGateway, a_body


async def _trail(world: RunningGateway, query: str = "", tenant: str = "acme") -> dict[str, Any]:
    answer = await world.http.get(f"/v1/audit{query}", headers=await world.headers(tenant, "admin"))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def _do(world: RunningGateway, method: str, path: str, key: str, body: Any = None) -> httpx2.Response:
    headers = await world.headers("acme", "admin", **{"Idempotency-Key": key})
    return await world.http.request(method, path, json=body, headers=headers)


async def test_what_people_do_with_keys_webhooks_and_jobs_stands_in_the_trail(world: RunningGateway) -> None:
    who = f"key:{(await world.key('acme', 'admin'))[8:16]}"
    key = (await _do(world, "POST", "/v1/keys", "a", {"name": "n"})).json()["id"]
    await _do(world, "POST", f"/v1/keys/{key}/rotate", "b")
    await _do(world, "DELETE", f"/v1/keys/{key}", "c")
    hook = (await _do(world, "POST", "/v1/webhooks", "d", {"url": "http://127.0.0.1:9/"})).json()["id"]
    assert (await _do(world, "POST", "/v1/webhooks", "d", {"url": "http://127.0.0.1:9/"})).status_code == 201
    await _do(world, "PATCH", f"/v1/webhooks/{hook}", "e", {"description": "d"})
    await _do(world, "POST", f"/v1/webhooks/{hook}/rotate", "f")
    await _do(world, "POST", f"/v1/webhooks/{hook}/replay", "g", {"since": "2026-01-01T00:00:00Z"})
    await _do(world, "DELETE", f"/v1/webhooks/{hook}", "h")
    world.plane.finish_at_once = False
    job = (await _do(world, "POST", "/v1/jobs", "i", a_body())).json()["id"]
    assert (await _do(world, "POST", f"/v1/jobs/{job}/cancel", "j", {"reason": "too late"})).status_code == 202

    found = (await _trail(world))["data"]
    told = [(each["action"], each["about"], each["reason"], each["actor"]) for each in reversed(found)]

    assert told == [
        ("key.make", key, "", who),
        ("key.rotate", key, "", who),
        ("key.revoke", key, "", who),
        ("webhook.make", hook, "", who),
        ("webhook.change", hook, "", who),
        ("webhook.rotate", hook, "", who),
        ("webhook.replay", hook, "", who),
        ("webhook.delete", hook, "", who),
        ("job.cancel", job, "too late", who),
    ]
    assert (await _trail(world, tenant="globex"))["data"] == []


def test_the_console_offers_every_deed_to_choose_from() -> None:
    screen = (Path(console.__file__).parent / "web/screens/audit.js").read_text()
    offered = re.search(r"const DEEDS = \[(.*?)\];", screen, re.DOTALL)

    assert offered is not None
    assert re.findall(r'"([a-z.]+)"', offered[1]) == sorted(get_args(DeedName))


async def test_the_trail_comes_in_pages_and_by_deed(world: RunningGateway) -> None:
    for nth in range(5):
        await _do(world, "POST", "/v1/keys", str(nth), {})
    whole = [each["id"] for each in (await _trail(world))["data"]]

    first = await _trail(world, "?limit=3")
    rest = await _trail(world, f"?limit=3&cursor={first['next_cursor']}")
    none = await _trail(world, "?action=key.revoke")
    foreign = await world.http.get(
        f"/v1/audit?limit=3&cursor={first['next_cursor']}", headers=await world.headers("globex", "admin")
    )
    wrong = await world.http.get("/v1/audit?action=key.lose", headers=await world.headers("acme", "admin"))

    assert [each["id"] for each in first["data"] + rest["data"]] == whole
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert (none["data"], foreign.json()["code"], wrong.status_code) == ([], "cursor_mismatch", 422)


async def test_what_cannot_be_written_down_is_not_done(world: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (await _do(world, "POST", "/v1/keys", "a", {})).json()["id"]
    job = (await world.submit(Prefer="wait=5")).json()["id"]

    async def fails(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(world.store, "note_deed", fails)
    asked = [
        await _do(world, "DELETE", f"/v1/keys/{key}", "b"),
        await _do(world, "POST", "/v1/keys", "c", {}),
        await _do(world, "POST", "/v1/webhooks", "d", {"url": "http://127.0.0.1:9/"}),
        await _do(world, "POST", f"/v1/jobs/{job}/reveal", "e", {"reason": "r"}),
    ]

    assert [each.status_code for each in asked] == [503] * 4
    assert world.store.database.api_keys[key].revoked_at is None
    assert (len(world.store.database.endpoints), "answer" in asked[-1].json()) == (0, False)


async def test_who_reveals_a_job_says_why_and_is_written_down(world: RunningGateway) -> None:
    job = (await world.submit(Prefer="wait=5")).json()["id"]
    mine = await world.headers("acme", "submitter")
    silent = await world.http.post(f"/v1/jobs/{job}/reveal", json={"reason": ""}, headers=mine)
    viewer = await world.http.post(
        f"/v1/jobs/{job}/reveal", json={"reason": "r"}, headers=await world.headers("acme", "viewer")
    )
    shown = await world.http.post(f"/v1/jobs/{job}/reveal", json={"reason": "complaint 4711"}, headers=mine)

    assert (silent.status_code, silent.json()["errors"][0]["pointer"], viewer.status_code) == (422, "/reason", 403)
    assert shown.json()["answer"] == {"side": [0, 1]}
    entries = (await _trail(world, "?action=job.reveal"))["data"]
    assert [(each["about"], each["reason"]) for each in entries] == [(job, "complaint 4711")]


async def test_what_is_sealed_is_masked_in_answers_to_a_report_and_to_a_cancellation_too(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, masters = world.clock, MasterKeys({"2026": b"m" * 32})
    ring = KeyRing(world.store, masters, monotonic_s=clock.monotonic_s, random=os.urandom, mint=uuid4)
    monkeypatch.setattr(world.parts.payloads, "_ring", ring)
    sealed = sealed_mapping({"side": [0, 1]}, await ring.of_subject("acme", "p-17"))
    world.plane.answer = sealed
    done = (await world.submit(Prefer="wait=5")).json()["id"]
    world.plane.finish_at_once = False
    step = {"name": "undo", "command": "com.acme.Undo", "data": sealed}
    runs = (await world.submit(body=a_body(compensations=[step]))).json()["id"]
    while UUID(runs) not in world.store.database.streams:  # noqa: ASYNC110 - the stand-in tells nobody
        await asyncio.sleep(0)

    reported = await _do(world, "POST", f"/v1/jobs/{done}/outcomes", "a", {"acted": True})
    cancelled = await _do(world, "POST", f"/v1/jobs/{runs}/cancel", "b", {})

    assert (reported.status_code, reported.json()["answer"]) == (202, {"$masked": True})
    assert (cancelled.status_code, cancelled.json()["compensations"][0]["data"]) == (202, {"$masked": True})
