"""What a tenant used and what of its is on the way: over HTTP, by both clients, by the command line; its own alone."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from queuebit_client import AsyncQueuebit, Queuebit
from queuebit_client.cli.app import new_app
from queuebit_client.reads import Backlog, BacklogGroup, Usage, UsageDay
from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import RunningGateway, a_world, counted


async def _get(world: RunningGateway, path: str, tenant: str = "acme") -> tuple[int, dict[str, object]]:
    answer = await world.http.get(path, headers=await world.headers(tenant))
    return answer.status_code, answer.json()


async def test_a_tenant_sees_what_it_used_and_nothing_of_others() -> None:
    async with a_world() as world:
        for _ in range(2):
            await world.submit()
        world.clock.offset = timedelta(days=-1)
        await world.submit()
        world.clock.offset = timedelta()
        await counted(world)
        today = world.clock.now().date()

        status, used = await _get(world, "/v1/usage")
        _, one_day = await _get(world, "/v1/usage?days=1")
        others = await _get(world, "/v1/usage", "other")

        def day(nth: int, jobs: int) -> dict[str, object]:
            counts = {"submitted": jobs, "completed": jobs}
            at = (today - timedelta(days=nth)).isoformat()
            return {
                "day": at, "jobs": counts, "executions": {"succeeded": jobs}, "shots": 0, "cost": {}, "lane_s": {}
            }  # fmt: skip

        assert (status, used) == (200, {"days": [day(0, 2), day(1, 1)], "behind_s": 0.0, "counts_from": None})
        assert one_day["days"] == [day(0, 2)]
        assert others == (200, {"days": [], "behind_s": 0.0, "counts_from": None})


async def test_a_tenant_sees_what_is_on_its_way_until_it_has_ended() -> None:
    async with a_world() as world:
        world.plane.finish_at_once = False
        job_id = (await world.submit()).json()["id"]
        await world.submit()
        await counted(world)
        _, before = await _get(world, "/v1/backlog")
        _, others = await _get(world, "/v1/backlog", "other")
        await world.http.post(f"/v1/jobs/{job_id}/cancel", json={}, headers=await world.headers())
        await counted(world)
        _, after = await _get(world, "/v1/backlog")

    (group,) = cast("list[dict[str, Any]]", before["groups"])
    assert (before["open"], group["state"], group["lane"], group["tier"], group["jobs"]) == (
        2, "queued", "classical", "interactive", 2
    )  # fmt: skip
    assert group["submitted_at"] <= group["there_since"]
    assert (others["open"], others["groups"]) == (0, [])
    assert after["open"] == 1


async def test_what_is_not_counted_yet_is_said() -> None:
    async with a_world() as world:
        await world.submit()
        status, told = await _get(world, "/v1/usage")
        assert (status, told["code"], told["retry"]) == (503, "figures_unavailable", "same_request")
        await counted(world)
        await world.submit()
        now_s = world.store.database.now_s
        world.store.database.now_s = lambda: now_s() + 5.0
        status, told = await _get(world, "/v1/backlog")
        assert (status, float(str(told["behind_s"])) >= 5.0) == (200, True)


@pytest.mark.parametrize("query", ["days=0", "days=367", "days=x"])
async def test_days_that_cannot_be_are_refused(query: str) -> None:
    async with a_world() as world:
        status, told = await _get(world, f"/v1/usage?{query}")
        assert (status, told["code"]) == (422, "invalid_request")
        assert "days" in str(told["errors"])


async def test_both_clients_and_the_command_line_ask_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        url, key = f"http://127.0.0.1:{server.port}", await world.key()
        try:
            await world.submit()
            world.plane.finish_at_once = False
            await world.submit()
            await counted(world)
            async with AsyncQueuebit(url, key) as client:
                used, waiting = await client.usage(days=2), await client.backlog()
            monkeypatch.setenv("QUEUEBIT_API_KEY", key)
            runner, app = CliRunner(), new_app()

            def said(*arguments: str) -> str:
                return runner.invoke(app, ["--url", url, *arguments]).output

            tables = [await asyncio.to_thread(said, verb) for verb in ("usage", "backlog")]
            documents = [json.loads(await asyncio.to_thread(said, verb, "--json")) for verb in ("usage", "backlog")]
            again = await asyncio.to_thread(_asked_with, url, key)
        finally:
            await server.stop()

    (day,), (group,) = used.days, waiting.groups
    assert day == UsageDay(
        day=world.clock.now().date(), jobs={"submitted": 2, "completed": 1}, executions={"succeeded": 1}
    )
    assert (waiting.open, group) == (
        1,
        BacklogGroup(
            state="queued", lane="classical", tier="interactive", jobs=1, there_since=group.there_since,
            submitted_at=group.submitted_at,
        ),
    )  # fmt: skip
    assert [Usage.model_validate(documents[0]).days, Backlog.model_validate(documents[1]).groups] == [
        used.days,
        (group,),
    ]
    assert again == (used.days, waiting.groups)
    assert "2 submitted, 1 completed" in tables[0]
    assert "1 jobs have not ended." in tables[1]


def _asked_with(url: str, key: str) -> tuple[object, object]:
    with Queuebit(url, key) as client:
        return client.usage().days, client.backlog().groups


def test_amounts_are_exact_in_the_client() -> None:
    told = {"day": "2026-03-01", "cost": {"USD": "0.30"}, "lane_s": {"quantum": "0.1"}}
    assert UsageDay.model_validate(told).cost == {"USD": Decimal("0.30")}
