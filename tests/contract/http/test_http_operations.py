"""Bulk operations over HTTP: frozen, shown, started with a reason, run beside the gateway, and cancelled."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest

from queuebit_operations.bulk.operation import freeze
from queuebit_operations.bulk.runner import Runner, Step
from queuebit_operations.bulk.store import Operations
from queuebit_operations.jobs.worker import Worker
from tests.contract.http.running_gateway import RunningGateway, a_world
from tests.contract.http.told_operators import a_worker, states, waiting


async def _ask(
    world: RunningGateway, method: str, path: str, body: Any = None, role: str = "operator"
) -> httpx2.Response:
    return await world.http.request(method, path, json=body, headers=await world.headers("ops", role))


async def prepared(world: RunningGateway, **body: Any) -> dict[str, Any]:
    answer = await _ask(world, "POST", "/v1/operations", {"verb": "jobs cancel", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/operations/{found['id']}"
    return found


async def test_what_was_frozen_is_what_is_done_after_somebody_says_so_with_a_reason(world: RunningGateway) -> None:
    ids = await waiting(world, 3)
    frozen = await prepared(world, chosen={"tenant": "acme", "state": ["queued"], "kind": ["maxcut"]})
    (late,) = await waiting(world, 1)
    before = await states(world, ids)
    nothing = await a_worker(world).step()

    started = await _ask(
        world, "POST", f"/v1/operations/{frozen['id']}/start", {"reason": "A bad release.", "rate_per_s": 500}
    )
    carried = await a_worker(world).step()
    ended = (await _ask(world, "GET", f"/v1/operations/{frozen['id']}")).json()

    assert (frozen["state"], frozen["count"], frozen["done"], sorted(frozen["sample"]), frozen["runs_here"]) == (
        "frozen", 3, 0, sorted(ids), True,
    )  # fmt: skip
    assert frozen["arguments"] == {"tenant": "acme", "state": "queued", "kind": "maxcut"}
    assert (before, nothing) == (["queued"] * 3, 0), "nothing is done before a person says so"
    assert (started.status_code, started.json()["state"]) == (202, "running")
    assert carried == 1
    assert (ended["state"], ended["done"], ended["outcomes"], ended["reason"]) == (
        "done",
        3,
        {"cancelled": 3},
        "A bad release.",
    )
    assert ended["actor"] == ended["frozen_by"] == f"key:{(await world.key('ops', 'operator'))[8:16]}"
    assert await states(world, [*ids, late]) == ["cancelled"] * 3 + ["queued"], "what came later is not in it"
    folded = await Operations(world.store, world.clock).load(UUID(frozen["id"]))
    assert (folded.state, folded.done, folded.outcomes) == ("done", 3, {"cancelled": 3})


async def test_it_is_limited_stopped_gone_on_with_and_cancelled(world: RunningGateway) -> None:
    ids = await waiting(world, 4)
    operation_id = (await prepared(world, jobs=[*ids, ids[0]]))["id"]
    path = f"/v1/operations/{operation_id}"

    await _ask(world, "POST", f"{path}/start", {"reason": "Carefully.", "limit": 1})
    await a_worker(world).step()
    limited = (await _ask(world, "GET", path)).json()
    again = await _ask(world, "POST", f"{path}/start", {"reason": "It went well.", "limit": 2})
    twice = await _ask(world, "POST", f"{path}/start", {"reason": "Twice."})
    cancelled = await _ask(world, "POST", f"{path}/cancel", {"reason": "Enough."})
    after = await a_worker(world).step()
    late = await _ask(world, "POST", f"{path}/cancel", {"reason": "Enough."})
    never = await _ask(world, "POST", f"{path}/start", {"reason": "Once more."})

    assert (limited["state"], limited["count"], limited["done"]) == ("stopped", 4, 1), (
        "one that is named twice counts once"
    )
    assert again.status_code == 202
    assert (twice.status_code, twice.json()["code"]) == (409, "operation_conflict")
    assert (cancelled.json()["state"], after) == ("cancelled", 0)
    assert sorted(await states(world, ids)) == ["cancelled", "queued", "queued", "queued"]
    assert [(each.status_code, each.json()["code"]) for each in (late, never)] == [(409, "operation_conflict")] * 2


async def test_what_was_started_by_hand_is_left_to_that_hand(world: RunningGateway) -> None:
    operations, key = Operations(world.store, world.clock), world.parts.ids.mint()
    await operations.create(key, freeze("jobs cancel", {}, ["t1", "t2"], "ada"))

    async def interrupted(_some: object, _operation: object) -> Step:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Runner(world.store, world.clock, holder="hand").run(key, interrupted, actor="ada", reason="By hand.")

    assert await a_worker(world).step() == 0
    assert (await operations.load(key)).state == "running"


async def test_one_that_cannot_go_on_stops_with_its_reason_and_is_not_begun_again_by_itself(
    world: RunningGateway,
) -> None:
    operation_id = (await prepared(world, jobs=await waiting(world, 2)))["id"]
    await _ask(world, "POST", f"/v1/operations/{operation_id}/start", {"reason": "Now."})

    async def broken(_some: object, _operation: object) -> Step:
        raise RuntimeError("no such thing")

    worker = Worker(world.store, world.clock, lambda _verb, _key: broken)
    carried = [await worker.step(), await worker.step()]
    found = (await _ask(world, "GET", f"/v1/operations/{operation_id}")).json()

    assert carried == [0, 0]
    assert (found["state"], found["done"], found["note"]) == ("stopped", 0, "RuntimeError: no such thing")


async def test_of_two_who_carry_on_one_does(world: RunningGateway) -> None:
    ids = await waiting(world, 2)
    operation_id = UUID((await prepared(world, jobs=ids))["id"])
    await _ask(world, "POST", f"/v1/operations/{operation_id}/start", {"reason": "Now."})
    await world.store.take(f"operation/{operation_id}", "another", 30.0)

    assert await a_worker(world).step() == 0
    assert await states(world, ids) == ["queued"] * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"verb": "jobs cancel"}, "chosen"),
        ({"verb": "archive create", "jobs": []}, "/verb"),
        (
            {"verb": "jobs cancel", "jobs": ["01890000-0000-7000-8000-000000000001"], "chosen": {"tenant": "acme"}},
            "chosen",
        ),
        ({"verb": "jobs cancel", "chosen": {"tenant": "acme", "state": ["lost"]}}, "/chosen/state/0"),
        ({"verb": "jobs cancel", "chosen": {"tenant": "acme"}, "requeue": True}, "requeue"),
        ({"verb": "jobs cancel", "chosen": {"tenant": "acme"}, "lane": "quantum"}, "lane"),
        ({"verb": "jobs rerun", "chosen": {"state": ["failed"]}}, "/chosen/tenant"),
        ({"verb": "jobs reprioritise", "chosen": {"tenant": "acme"}}, "priority"),
        ({"verb": "jobs reprioritise", "chosen": {"tenant": "acme"}, "priority": 10}, "/priority"),
        ({"verb": "jobs cancel", "chosen": {"tenant": "acme"}, "priority": 1}, "priority"),
        ({"verb": "jobs reroute", "chosen": {"tenant": "acme"}}, "lane"),
        ({"verb": "jobs reroute", "chosen": {"tenant": "acme"}, "lane": "auto"}, "lane"),
        ({"verb": "jobs reroute", "chosen": {"tenant": "acme"}, "lane": "rule", "to_backend": "x"}, "lane"),
        (
            {"verb": "jobs cancel", "chosen": {"tenant": "acme", "created_from": "2026-01-01T00:00:00"}},
            "/chosen/created_from",
        ),
    ],
)
async def test_what_cannot_be_prepared_names_its_field(world: RunningGateway, body: Any, field: str) -> None:
    answer = await _ask(world, "POST", "/v1/operations", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert field in answer.text
    assert (await _ask(world, "GET", "/v1/operations")).json()["data"] == []


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "rate_per_s": 0}, {"reason": "x", "limit": 0}])
async def test_nothing_begins_without_a_reason_or_beyond_its_bounds(world: RunningGateway, body: Any) -> None:
    operation_id = (await prepared(world, jobs=await waiting(world, 1)))["id"]

    answer = await _ask(world, "POST", f"/v1/operations/{operation_id}/start", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert (await _ask(world, "GET", f"/v1/operations/{operation_id}")).json()["state"] == "frozen"


async def test_what_is_no_operation_is_not_found(world: RunningGateway) -> None:
    (job_id,) = await waiting(world, 1)

    answers = [
        await _ask(world, method, f"/v1/operations/{each}{deed}", body)
        for each in (job_id, "x")
        for method, deed, body in (
            ("GET", "", None),
            ("POST", "/start", {"reason": "x"}),
            ("POST", "/cancel", {"reason": "x"}),
        )
    ]

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "operation_not_found")}


async def test_a_gateway_that_may_not_says_how_it_is_done_by_hand() -> None:
    async with a_world(runs_operations=False) as world:
        ids = await waiting(world, 1)
        key = world.parts.ids.mint()
        await Operations(world.store, world.clock).create(key, freeze("jobs cancel", {}, ids, "ada"))

        shown = (await _ask(world, "GET", f"/v1/operations/{key}")).json()
        answers = [
            await _ask(world, "POST", "/v1/operations", {"verb": "jobs cancel", "jobs": ids}),
            await _ask(world, "POST", f"/v1/operations/{key}/start", {"reason": "Now."}),
            await _ask(world, "POST", f"/v1/operations/{key}/cancel", {"reason": "Now."}),
        ]

        assert (shown["runs_here"], shown["state"]) == (False, "frozen")
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(409, "operation_not_here")}
        assert "queuebit ops operations resume" in answers[0].json()["remedy"]
        assert len((await _ask(world, "GET", "/v1/operations")).json()["data"]) == 1


async def test_more_than_the_bound_is_refused_before_anything_is_stored(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting(world, 3)
    monkeypatch.setattr("queuebit_gateway.bulk.TARGETS_MAX", 2)
    monkeypatch.setattr("queuebit_gateway.bulk.PAGE", 2)

    answer = await _ask(world, "POST", "/v1/operations", {"verb": "jobs cancel", "chosen": {"tenant": "acme"}})

    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_targets")
    assert (await _ask(world, "GET", "/v1/operations")).json()["data"] == []
