"""Budgets over HTTP: what a tenant may spend, its ledger line by line, by both clients and the command line; its own alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from queuebit_client import AsyncQueuebit, Queuebit
from queuebit_client.cli.app import new_app
from queuebit_gateway.http.server import HttpServer
from queuebit_gateway.read_model.budgets import id_of
from queuebit_store.budgets.port import Budget
from tests.contract.http.running_gateway import RunningGateway, a_world
from tests.contract.store.charges import ACME_ID as ACCOUNT
from tests.contract.store.charges import LEG, TOTAL, charging

WEB = Budget("acme/web", "experiment", "EUR", "month", Decimal(30))
ID = id_of(ACCOUNT)


async def _get(world: RunningGateway, path: str, tenant: str = "acme", role: str = "submitter") -> tuple[int, Any]:
    answer = await world.http.get(path, headers=await world.headers(tenant, role))
    return answer.status_code, answer.json()


async def _spent(world: RunningGateway) -> None:
    """One leg that cost more than was set aside, and one that is out."""
    for budget in (TOTAL, WEB):
        await world.store.grant(budget, world.clock.now(), actor="ann", reason="the year")
    assert await world.store.append([charging(1, {"RESERVE": "40"}, [ACCOUNT])]) == [True]
    assert await world.store.append([charging(1, {"SETTLE": "40", "OVERRUN": "5"}, [ACCOUNT], expected=1)]) == [True]
    assert await world.store.append([charging(2, {"RESERVE": "10"}, [ACCOUNT])]) == [True]


async def test_a_tenant_without_a_budget_has_none() -> None:
    async with a_world() as world:
        assert await _get(world, "/v1/budgets") == (200, {"object": "list", "data": []})
        assert (await _get(world, f"/v1/budgets/{ID}"))[1]["code"] == "budget_not_found"


async def test_budgets_tell_what_is_left_set_aside_and_spent() -> None:
    async with a_world() as world:
        await _spent(world)

        status, listed = await _get(world, "/v1/budgets", role="viewer")

        assert status == 200
        total, web = listed["data"]
        assert total == {
            "object": "budget", "id": ID, "budget": "acme", "purpose": "production", "currency": "USD",
            "period": "total", "window": "total", "standing": "room", "limit": "100", "left": "45", "reserved": "10",
            "spent": "45", "used_percent": 55.0, "passed_percent": [50], "resets_at": None,
        }  # fmt: skip
        assert (web["budget"], web["period"], web["left"], web["passed_percent"]) == ("acme/web", "month", "30", [])


async def test_one_budget_shows_its_holds_and_every_line_of_its_ledger() -> None:
    async with a_world() as world:
        await _spent(world)

        _, shown = await _get(world, f"/v1/budgets/{ID}")
        _, first = await _get(world, f"/v1/budgets/{ID}/entries?limit=2")
        _, rest = await _get(world, f"/v1/budgets/{ID}/entries?limit=200&cursor={first['next_cursor']}")
        _, told = await _get(world, f"/v1/budgets/{ID}/entries", role="operator")

        assert [(hold["leg"], hold["amount"]) for hold in shown["holds"]] == [(LEG, "10")]
        assert (shown["more_holds"], first["has_more"], rest["has_more"]) == (False, True, False)
        lines = [*first["data"], *rest["data"]]
        assert sorted((line["kind"], line["amount"], line["reason"]) for line in lines) == [
            ("grant", "100", "the year"),
            ("overrun", "5", ""),
            ("reserve", "10", ""),
            ("reserve", "40", ""),
            ("settle", "40", ""),
        ]
        moments = [(line["at"], line["id"]) for line in lines]
        assert moments == sorted(moments, reverse=True)
        assert {line["actor"] for line in lines} == {None}
        assert {line["actor"] for line in told["data"]} == {None, "ann"}


async def test_windows_that_are_over_are_shown_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world() as world:
        january = datetime(2026, 1, 5, tzinfo=UTC)
        await world.store.grant(replace(WEB, limit=Decimal(7)), january, actor="ann", reason="a start")
        await world.store.grant(WEB, world.clock.now(), actor="ann", reason="more")

        present = (await _get(world, "/v1/budgets"))[1]["data"]
        every = (await _get(world, "/v1/budgets?past=true"))[1]["data"]

        assert [each["limit"] for each in present] == ["30"]
        assert [(each["window"], each["limit"]) for each in every[1:]] == [("2026-01", "7")]
        assert (await _get(world, f"/v1/budgets/{every[1]['id']}"))[0] == 200


async def test_nothing_of_another_tenant_is_there() -> None:
    """Neither its budgets, nor one by its id, nor its ledger; and what is no id is nothing."""
    async with a_world() as world:
        await _spent(world)

        assert (await _get(world, "/v1/budgets?past=true", "acm", "admin"))[1]["data"] == []
        for other in ("globex", "acm", "acme2"):
            for path in (f"/v1/budgets/{ID}", f"/v1/budgets/{ID}/entries"):
                status, told = await _get(world, path, other, "operator")
                assert (status, told["code"]) == (404, "budget_not_found")
        for wrong in ("x", "%00", id_of("acme production USD total\0"), id_of("acme production GBP total"), ID + "=="):
            status, told = await _get(world, f"/v1/budgets/{wrong}")
            assert (status, told["code"]) == (404, "budget_not_found"), wrong


async def test_clients_and_the_command_line_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world() as world:
        await _spent(world)
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        url, key = f"http://127.0.0.1:{server.port}", await world.key()
        monkeypatch.setenv("QUEUEBIT_API_KEY", key)
        try:
            async with AsyncQueuebit(url, key) as client:
                listed = await client.budgets()
                detail = await client.budget(listed[0].id)
                lines = [line async for line in client.ledger(ID)]
            said = await asyncio.to_thread(CliRunner().invoke, new_app(), ["--url", url, "spending", "--json"])
            one = await asyncio.to_thread(CliRunner().invoke, new_app(), ["--url", url, "spending", ID])
            few = await asyncio.to_thread(_ledger, url, key)
        finally:
            await server.stop()

    assert (listed[0].left, detail.holds[0].amount, len(lines)) == (Decimal(45), Decimal(10), 5)
    assert [each["budget"] for each in json.loads(said.stdout)["budgets"]] == ["acme", "acme/web"]
    assert "45 of 100 USD left" in one.output
    assert "overrun" in one.output
    assert few == 3


def _ledger(url: str, key: str) -> int:
    with Queuebit(url, key) as client:
        return len(list(client.ledger(ID, limit=3)))
