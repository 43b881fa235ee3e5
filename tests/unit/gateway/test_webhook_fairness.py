"""Many webhooks at once: who is slow delays nobody else, and what waits is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from queuebit_gateway.egress.post import Answered
from queuebit_gateway.webhooks.fan_out import FanOut
from queuebit_gateway.webhooks.rule import Rule
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.sending import IN_FLIGHT_OF_TENANT_MAX, Sender
from queuebit_gateway.webhooks.signing import fresh
from queuebit_runtime.clock import SystemClock
from queuebit_store.log.port import Position
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head, NewEvent
from queuebit_store.webhooks.port import NewDelivery, NewEndpoint

NOW = datetime(2026, 1, 5, tzinfo=UTC)
SEALER = Sealer(b"pepper", lambda count: bytes(count))


async def an_endpoint(store: MemoryStore, number: int, tenant: str, rule: str | None = None) -> UUID:
    endpoint_id = UUID(int=number)
    await store.add_tenant(tenant, NOW)
    sealed = SEALER.seal(endpoint_id, (fresh("v1", b"k" * 32),))
    url, rule = f"https://{tenant}.example.com/{number}", rule or Rule().model_dump_json()
    await store.add_endpoint(NewEndpoint(endpoint_id, tenant, url, "", rule, sealed, Position()))
    return endpoint_id


async def deliveries(store: MemoryStore, endpoint_id: UUID, tenant: str, count: int) -> None:
    for nth in range(count):
        number = UUID(int=endpoint_id.int * 1000 + nth)
        await store.add_delivery(NewDelivery(number, endpoint_id, tenant, number, 1, "JobCompleted", NOW, "{}"))


async def test_a_tenant_whose_receivers_hang_takes_only_its_own_places() -> None:
    """Given a hundred endpoints of one tenant that never answer, those of another are told at once."""
    sent: list[str] = []
    store, never = MemoryStore(), asyncio.Event()

    async def post(url: str, headers: Mapping[str, str], body: bytes, whose: str) -> Answered:
        sent.append(url)
        assert headers["webhook-signature"]
        assert (body, whose in url) == (b"{}", True)
        if "slow" in url:
            await never.wait()
        return Answered(200, {}, b"")

    for number in range(1, 101):
        await deliveries(store, await an_endpoint(store, number, "slow"), "slow", 12)
    await deliveries(store, await an_endpoint(store, 101, "quick"), "quick", 20)
    sender = Sender(store, post, SEALER, SystemClock())
    endpoints = await store.endpoints()

    begun = [await sender.step(endpoints)]
    while sum("quick" in url for url in sent) < 20:
        await asyncio.wait_for(sender.ended.wait(), 30)
        sender.ended.clear()
        begun.append(await sender.step(endpoints))

    assert begun[0] == IN_FLIGHT_OF_TENANT_MAX + 10
    assert sum("slow" in url for url in sent) == IN_FLIGHT_OF_TENANT_MAX
    assert len({url for url in sent if "slow" in url}) == IN_FLIGHT_OF_TENANT_MAX
    await sender.finish(0)


async def test_for_an_endpoint_for_which_much_waits_the_log_is_not_read_on_and_nothing_is_lost() -> None:
    store, now_s = MemoryStore(), [0.0]
    crowded, other = await an_endpoint(store, 1, "acme"), await an_endpoint(store, 2, "globex")
    for tenant in ("acme", "globex"):
        for nth in range(6):
            job_id = UUID(int=900 + nth + (50 if tenant == "acme" else 0))
            event = NewEvent(UUID(int=job_id.int + 5000), "JobCompleted", 1, "{}", NOW)
            await store.append([Append(job_id, tenant, 0, (event,), Head("completed", None, {}))])
    fan_out = FanOut(store, lambda: now_s[0], page_events=1, pending_max=3)

    async def told() -> tuple[int, int]:
        for _ in range(10):
            await fan_out.step(await store.endpoints())
        found: list[Any] = [each.delivery for each in store.database.deliveries.values()]
        return sum(each.endpoint_id == crowded for each in found), sum(each.endpoint_id == other for each in found)

    assert await told() == (3, 3)
    for row in store.database.deliveries.values():
        if row.delivery.endpoint_id == other:
            object.__setattr__(row.delivery, "due_at", None)
    now_s[0] = 5.0
    assert await told() == (3, 6)


async def test_a_rule_that_a_newer_release_wrote_stops_nobody_and_loses_nothing() -> None:
    """Given two gateways, of which the newer one let a tenant ask for an event that the older one does not know."""
    store = MemoryStore()
    newer = await an_endpoint(store, 1, "acme", '{"events": ["JobDreamt"]}')
    known = await an_endpoint(store, 2, "acme")
    event = NewEvent(UUID(int=5000), "JobCompleted", 1, "{}", NOW)
    await store.append([Append(UUID(int=900), "acme", 0, (event,), Head("completed", None, {}))])
    fan_out = FanOut(store, lambda: 0.0)
    for _ in range(3):
        await fan_out.step(await store.endpoints())

    places = {each.endpoint_id: each.position for each in await store.endpoints()}
    assert [row.delivery.endpoint_id for row in store.database.deliveries.values()] == [known]
    assert places[newer] == Position() < places[known]
