"""Webhooks over HTTP: made, shown, changed; told to a receiver that checks what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from queuebit_client.webhooks import verify
from queuebit_gateway.egress.post import Egress
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.service import WebhookService
from tests.contract.http.running_gateway import LOOPBACK, PEPPER, RunningGateway, a_body
from tests.fakes.hook_receiver import HookReceiver, a_hook_receiver

AWAY = "http://127.0.0.1:9/hook"


@pytest.fixture
async def receiver() -> AsyncIterator[HookReceiver]:
    async with a_hook_receiver() as receiver:
        yield receiver


async def _make(world: RunningGateway, url: str, role: str = "admin", tenant: str = "acme", **body: Any) -> Any:
    key = body.pop("key", None) or str(world.parts.ids.mint())
    headers = await world.headers(tenant, role, **{"Idempotency-Key": key})
    return await world.http.post("/v1/webhooks", json={"url": url, **body}, headers=headers)


async def _ask(world: RunningGateway, method: str, path: str, body: Any = None, **more: str) -> Any:
    headers = await world.headers("acme", "admin", **more)
    return await world.http.request(method, f"/v1/webhooks{path}", json=body, headers=headers)


@asynccontextmanager
async def telling(world: RunningGateway, **more: Any) -> AsyncIterator[WebhookService]:
    """The task that sends, until the end of the block."""
    stop = asyncio.Event()
    async with Egress(LOOPBACK) as egress:
        sealer = Sealer(PEPPER, lambda count: b"0" * count)
        service = WebhookService(world.store, egress.post, sealer, world.clock, interval_s=0.005, **more)
        task = asyncio.create_task(service.run(stop))
        try:
            yield service
        finally:
            stop.set()
            await task


async def test_tells_how_jobs_end_signed_for_the_reference_library(
    world: RunningGateway, receiver: HookReceiver
) -> None:
    before = (await world.submit(Prefer="wait=5")).json()["id"]
    made = (await _make(world, receiver.url, signing="both")).json()
    shared, public = (key["text"] for key in made["keys"])

    async with telling(world):
        job = (await world.submit(Prefer="wait=5", body=a_body(labels={"team": "a"}))).json()
        (hook,) = await receiver.until(lambda hooks: len(hooks) == 1)

    message = Webhook(shared).verify(hook.body, hook.headers)
    assert message == verify(hook.body, hook.headers, [public]) == verify(hook.body, hook.headers, [shared])
    assert (message["type"], message["subject"]) == ("io.queuebit.webhooks.JobCompleted.v1", job["id"])
    assert job["id"] != before
    told = {name: message["data"].get(name) for name in ("state", "verdict", "objective", "answer")}
    assert told == {"state": "completed", "verdict": "accepted", "objective": 1, "answer": None}
    assert hook.headers["queuebit-sequence"] == "8"
    (delivery,) = (await _ask(world, "GET", f"/{made['id']}/deliveries")).json()["data"]
    shown = {
        name: delivery[name] for name in ("id", "event", "job_id", "state", "attempts", "status", "answer", "sequence")
    }
    assert shown == {
        "id": hook.id, "event": "JobCompleted", "job_id": job["id"], "state": "delivered", "attempts": 1, "status": 200,
        "answer": "ok", "sequence": 8,
    }  # fmt: skip


async def test_events_go_by_rule_and_to_their_own_tenant(world: RunningGateway) -> None:
    async with a_hook_receiver() as one, a_hook_receiver() as two, a_hook_receiver() as theirs, telling(world):
        await _make(world, one.url, rule={"events": ["JobSubmitted", "JobCompleted"], "tiers": ["batch"]})
        await _make(world, two.url, rule={"labels": {"team": ["a"]}})
        await _make(world, theirs.url, tenant="globex")
        batch = (await world.submit(body=a_body(tier="batch"), Prefer="wait=5")).json()["id"]
        labelled = (await world.submit(body=a_body(labels={"team": "a"}), Prefer="wait=5")).json()["id"]
        other = await world.headers("globex", **{"Idempotency-Key": "k", "Prefer": "wait=5"})
        foreign = (await world.http.post("/v1/jobs", json=a_body(), headers=other)).json()["id"]

        for receiver, count in ((one, 2), (two, 1), (theirs, 1)):
            await receiver.until(lambda hooks, count=count: len(hooks) >= count)  # type: ignore[misc]

    def told(receiver: HookReceiver) -> set[tuple[str, int]]:
        return {
            (hook.body.decode().split('"subject":"')[1][:36], int(hook.headers["queuebit-sequence"]))
            for hook in receiver.hooks
        }

    assert told(one) == {(batch, 1), (batch, 8)}
    assert told(two) == {(labelled, 8)}
    assert told(theirs) == {(foreign, 8)}


async def test_a_failure_is_tried_again_under_the_same_id(world: RunningGateway, receiver: HookReceiver) -> None:
    statuses = iter((500, None, 200))
    receiver.answer = lambda _hook: next(statuses)
    made = (await _make(world, receiver.url)).json()

    async with telling(world):
        await world.submit(Prefer="wait=5")
        for count in (1, 2):
            await receiver.until(lambda hooks, count=count: len(hooks) == count)  # type: ignore[misc]
            async with asyncio.timeout(60):
                while (row := next(iter(world.store.database.deliveries.values()))).delivery.attempts < count:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            assert row.delivery.due_at is not None
            row.delivery = _due_now(row.delivery)
        hooks = await receiver.until(lambda hooks: len(hooks) == 3)

    assert len({hook.id for hook in hooks}) == 1
    (delivery,) = (await _ask(world, "GET", f"/{made['id']}/deliveries?state=delivered")).json()["data"]
    assert (delivery["attempts"], delivery["error"]) == (3, None)


def _due_now(delivery: Any) -> Any:
    return replace(delivery, due_at=delivery.due_at - timedelta(days=2))


async def test_one_dead_endpoint_delays_no_other(world: RunningGateway, receiver: HookReceiver) -> None:
    async with a_hook_receiver() as slow, telling(world):
        hanging = asyncio.Event()

        async def hang(_reader: Any, writer: Any) -> None:
            await hanging.wait()
            writer.close()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        await _make(world, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await _make(world, receiver.url)
        for _ in range(30):
            await world.submit()
        hooks = await receiver.until(lambda hooks: len(hooks) == 30)
        hanging.set()
        server.close()
        assert slow.hooks == []
    assert len({hook.id for hook in hooks}) == 30


async def test_an_endpoint_that_is_gone_is_disabled_and_tells_why(
    world: RunningGateway, receiver: HookReceiver
) -> None:
    receiver.answer = lambda _hook: 410
    made = (await _make(world, receiver.url)).json()
    async with telling(world):
        await world.submit(Prefer="wait=5")
        await receiver.until(lambda hooks: len(hooks) == 1)
        async with asyncio.timeout(60):
            while (shown := (await _ask(world, "GET", f"/{made['id']}")).json())["state"] == "enabled":  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert (shown["state"], shown["why"]) == ("disabled", "The receiver answered 410: it is gone.")

        receiver.answer = lambda _hook: 200
        await world.submit(Prefer="wait=5")
        await _ask(world, "PATCH", f"/{made['id']}", {"state": "enabled"})
        hooks = await receiver.until(lambda hooks: len(hooks) == 2)
    assert hooks[0].id != hooks[1].id
    assert (await _ask(world, "GET", f"/{made['id']}")).json()["why"] == ""


async def test_what_was_given_up_is_delivered_again_by_range(world: RunningGateway, receiver: HookReceiver) -> None:
    receiver.answer = lambda _hook: 500
    receiver.extra = "webhook-delivery: abort-message\r\n"
    made = (await _make(world, receiver.url)).json()
    since = world.clock.now().isoformat()
    async with telling(world):
        for _ in range(3):
            await world.submit(Prefer="wait=5")
        await receiver.until(lambda hooks: len(hooks) == 3)
        path = f"/{made['id']}/deliveries?state=exhausted"
        async with asyncio.timeout(60):
            while len((await _ask(world, "GET", path)).json()["data"]) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        receiver.answer, receiver.extra = (lambda _hook: 200), ""

        replayed = await _ask(world, "POST", f"/{made['id']}/replay", {"since": since})
        hooks = await receiver.until(lambda hooks: len(hooks) == 6)

    assert (replayed.status_code, replayed.json()) == (202, {"object": "replay", "deliveries": 3, "more": False})
    assert {hook.id for hook in hooks[:3]} == {hook.id for hook in hooks[3:]}


async def test_a_ping_tells_whether_anybody_listens(world: RunningGateway, receiver: HookReceiver) -> None:
    made = (await _make(world, receiver.url)).json()
    async with telling(world):
        ping = (await _ask(world, "POST", f"/{made['id']}/ping")).json()
        (hook,) = await receiver.until(lambda hooks: len(hooks) == 1)
    assert (hook.id, ping["event"]) == (ping["id"], "Ping")
    assert verify(hook.body, hook.headers, [made["keys"][0]["text"]])["type"] == "io.queuebit.webhooks.Ping.v1"


async def test_a_rotation_signs_with_both(world: RunningGateway, receiver: HookReceiver) -> None:
    made = (await _make(world, receiver.url)).json()
    turned = (await _ask(world, "POST", f"/{made['id']}/rotate", {"overlap_s": 60})).json()
    async with telling(world):
        await world.submit(Prefer="wait=5")
        (hook,) = await receiver.until(lambda hooks: len(hooks) == 1)

    fresh = next(key["text"] for key in turned["keys"] if key["text"])
    assert [key["text"] is None for key in turned["keys"]] == [False, True]
    for secret in (made["keys"][0]["text"], fresh):
        Webhook(secret).verify(hook.body, hook.headers)


async def test_the_secret_is_shown_once_and_a_repeat_is_the_same_endpoint(world: RunningGateway) -> None:
    first = await _make(world, AWAY, key="hook-1")
    again = await _make(world, AWAY, key="hook-1")
    other = await _make(world, AWAY + "2", key="hook-1")
    (listed,) = (await _ask(world, "GET", "")).json()["data"]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json()["keys"][0]["text"].startswith("whsec_")
    assert listed["keys"] == [{"scheme": "v1", "text": None, "until": None}]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("url", "pointer"),
    [
        ("https://10.0.0.1/", "/url"),
        ("http://example.com@127.0.0.1/", "/url"),
        ("", "/url"),
        ("https://localhost/", "/url"),
    ],
)
async def test_a_url_that_leads_inside_is_refused_when_it_is_made_and_changed(
    world: RunningGateway, url: str, pointer: str
) -> None:
    made = (await _make(world, AWAY)).json()
    for answer in (await _make(world, url), await _ask(world, "PATCH", f"/{made['id']}", {"url": url})):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_change_needs_the_version_that_it_names(world: RunningGateway) -> None:
    made = await _make(world, AWAY)
    path, tag = f"/{made.json()['id']}", made.headers["etag"]

    changed = await _ask(world, "PATCH", path, {"description": "ours"}, **{"If-Match": tag})
    stale = await _ask(world, "PATCH", path, {"description": "theirs"}, **{"If-Match": tag})
    gone = await _ask(world, "DELETE", path, **{"If-Match": changed.headers["etag"]})
    missing = await _ask(world, "GET", path)

    assert (changed.status_code, changed.json()["description"], changed.headers["etag"]) == (200, "ours", '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    assert (gone.status_code, missing.status_code, missing.json()["code"]) == (204, 404, "webhook_not_found")


async def test_other_tenants_and_other_roles_see_and_change_nothing(world: RunningGateway) -> None:
    path = f"/v1/webhooks/{(await _make(world, AWAY)).json()['id']}"
    theirs = await world.headers("globex", "admin")

    found = [await world.http.request(method, path, headers=theirs) for method in ("GET", "DELETE")]
    listed = await world.http.get("/v1/webhooks", headers=theirs)
    forbidden = await _make(world, AWAY, role="submitter")
    viewer = await world.http.get("/v1/webhooks", headers=await world.headers("acme", "viewer"))

    assert [answer.status_code for answer in found] == [404, 404]
    assert listed.json()["data"] == []
    assert [(answer.status_code, answer.json()["code"]) for answer in (forbidden, viewer)] == [
        (403, "role_forbids")
    ] * 2


async def test_a_tenant_has_a_hundred_at_most(world: RunningGateway) -> None:
    made = [await _make(world, AWAY, key=f"hook-{nth}") for nth in range(101)]
    again = await _make(world, AWAY, key="hook-7")
    assert [answer.status_code for answer in made] == [201] * 100 + [409]
    assert (made[-1].json()["code"], again.status_code) == ("too_many_webhooks", 201)
