"""Quotes over HTTP: an offer for one request, on one backend, at the prices of now, for a while; for one tenant alone."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli.main import run
from queuebit_contracts import events as ev
from queuebit_contracts.backends import BackendCapabilities
from queuebit_gateway.http.server import HttpServer
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.budgets.port import Budget, PriceRow
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world

QPU = PriceRow("qpu", "USD", Decimal("0.30"), Decimal("0.001"), Decimal(0))
CAN = BackendCapabilities(
    shots_max=4096, circuits_max=1, noise="ideal", exact=False, estimates=False, repeats=False, annealer=False,
    recovery="token", lag_s=1.0,
)  # fmt: skip
PAID = a_body(lane="quantum", params={"backend": "qpu"})


async def _qpu(world: RunningGateway, *names: str, price: PriceRow | None = QPU) -> None:
    now = world.clock.now()
    told = [
        ev.BackendStatusReported(
            backend=name,
            lane="quantum",
            available=True,
            capabilities=CAN,
        )
        for name in names or ("qpu",)
    ]
    await world.store.keep_reports(
        [ReportedBackend(each.backend, now, each.model_dump(mode="json", exclude_none=True)) for each in told]
    )
    if price is not None:
        await world.store.set_price(price)


async def _quote(world: RunningGateway, body: Any = PAID, query: str = "", tenant: str = "acme") -> tuple[int, Any]:
    answer = await world.http.post(f"/v1/quotes{query}", json=body, headers=await world.headers(tenant))
    return answer.status_code, answer.json()


async def _submit(world: RunningGateway, quote: str, body: Any = PAID) -> tuple[int, Any]:
    answer = await world.submit(body=body, **{"Queuebit-Quote": quote})
    return answer.status_code, answer.json()


async def test_a_quote_tells_what_the_leg_may_cost_at_most_and_for_how_long() -> None:
    async with a_world() as world:
        await _qpu(world)
        await world.store.grant(
            Budget("acme", "production", "USD", "total", Decimal(1)), world.clock.now(), actor="ann", reason="r"
        )

        status, found = await _quote(world, query="?valid_s=60")
        free = (await _quote(world, tenant="globex"))[1]

        assert status == 200
        assert {name: found[name] for name in ("backend", "leg", "amount", "fits", "short", "plan")} == {
            "backend": "qpu", "leg": "primary-quantum", "amount": {"amount": "1.324", "currency": "USD"},
            "fits": False, "short": "acme", "plan": found["plan"],
        }  # fmt: skip
        assert [(part["name"], part["quantity"]) for part in found["parts"]] == [("tasks", "1"), ("shots", "1024")]
        assert (free["fits"], world.plane.submissions) == (None, [])


async def test_what_is_submitted_with_it_is_held_to_it() -> None:
    async with a_world() as world:
        await _qpu(world)
        _, found = await _quote(world)

        status, _ = await _submit(world, found["id"])

        assert status == 202
        (said,) = world.plane.submissions
        assert isinstance(said.data, ev.JobSubmitted)
        assert said.data.quote is not None
        assert (said.data.quote.amount.amount, said.data.quote.digest) == ("1.324", found["digest"])


async def test_any_change_voids_it_and_when_its_time_is_over_it_is_none() -> None:
    async with a_world() as world:
        await _qpu(world)
        _, found = await _quote(world)
        quote = found["id"]
        told: dict[str, tuple[int, str]] = {}

        async def tried(name: str, quote: str = quote, body: Any = PAID) -> None:
            status, answer = await _submit(world, quote, body)
            told[name] = status, answer.get("code", "")

        await tried(
            "other circuit",
            body={**PAID, "problem": {**PAID["problem"], "statement": {"nodes": 2, "edges": [[0, 1, 1]]}}},
        )
        await tried("other shots", body={**PAID, "params": {"backend": "qpu", "shots": 2048}})
        await tried("other backend", body={**PAID, "params": {"backend": "qpu2"}})
        await tried("forged", quote[:-4] + "AAAA")
        await tried("no quote", "x")
        await world.store.set_price(PriceRow("qpu", "USD", Decimal("0.30"), Decimal("0.002"), Decimal(0)))
        await tried("other price")
        await world.store.set_price(QPU)
        world.clock.offset = timedelta(seconds=899)
        await _qpu(world)
        await tried("in time")
        world.clock.offset = timedelta(seconds=901)
        await _qpu(world)
        await tried("too late")

        assert told == {
            "other circuit": (409, "quote_void"),
            "other shots": (409, "quote_void"),
            "other backend": (409, "quote_unavailable"),
            "forged": (422, "quote_invalid"),
            "no quote": (422, "quote_invalid"),
            "other price": (409, "quote_void"),
            "in time": (202, ""),
            "too late": (409, "quote_expired"),
        }
        assert len(world.plane.submissions) == 1


async def test_a_repeat_is_answered_as_the_first_time_when_the_offer_is_over_or_the_price_has_changed() -> None:
    """Given a submission whose answer was lost, its repeat finds the job: who had to ask for a new quote would pay twice."""
    async with a_world() as world:
        await _qpu(world)
        _, found = await _quote(world)
        key = "order-17"
        named = {"Queuebit-Quote": found["id"], "Idempotency-Key": key}
        first = await world.submit(body=PAID, **named)
        world.clock.offset = timedelta(seconds=901)
        await world.store.set_price(PriceRow("qpu", "USD", Decimal("9"), Decimal("0.002"), Decimal(0)))
        again = await world.submit(body=PAID, **named)
        other = await world.submit(body={**PAID, "params": {"backend": "qpu", "shots": 9}}, **named)

        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json()["id"] == first.json()["id"]
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_nothing_is_offered_where_nobody_knows_what_it_costs_or_nothing_does() -> None:
    async with a_world() as world:
        nobody = (await _quote(world, {**PAID, "lane": "classical"}))[1]
        await _qpu(world, price=None)
        unknown = (await _quote(world))[1]
        await _qpu(world, "qpu", "qpu2")
        several = (await _quote(world, {**PAID, "params": {}}))[1]

        assert {each["code"] for each in (nobody, unknown, several)} == {"quote_unavailable"}
        assert "No leg of its plan" in nobody["detail"]
        assert unknown["detail"].startswith("What qpu charges is not known")
        assert (several["detail"], "params.backend" in several["remedy"]) == ("It may go to qpu, qpu2.", True)


async def test_a_quote_is_of_use_to_its_tenant_alone() -> None:
    async with a_world() as world:
        await _qpu(world)
        _, theirs = await _quote(world, tenant="globex")

        assert (await _submit(world, theirs["id"]))[1]["code"] == "quote_invalid"


async def test_the_command_line_asks_for_one_and_submits_by_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with a_world() as world:
        await _qpu(world)
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        monkeypatch.setenv("QUEUEBIT_API_KEY", await world.key())
        file = tmp_path / "triangle.json"
        file.write_text(json.dumps(PAID["problem"]))
        flags = (str(file), "--lane", "quantum", "--param", "backend=qpu")

        async def command(*words: str) -> tuple[int, str]:
            code = await asyncio.to_thread(run, ["--url", f"http://127.0.0.1:{server.port}", *words])
            return code, capsys.readouterr().out

        try:
            asked = await command("quote", *flags, "--json")
            quote = json.loads(asked[1])["id"]
            taken = await command("submit", *flags, "--quote", quote)
            void = await command("submit", *flags, "--param", "shots=9", "--quote", quote)
            shown = await command("quote", *flags)
        finally:
            await server.stop()

    assert (asked[0], taken[0], void[0], shown[0]) == (0, 0, 6, 0)
    assert shown[1].strip().splitlines()[-1].startswith("qbq_")
