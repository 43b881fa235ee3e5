"""Webhooks in the store: each stretch of the log is taken once, each delivery by one at a time; timers outlive everybody."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.errors import UnknownTenant
from queuebit_store.log.port import Position
from queuebit_store.webhooks.port import (
    Attempted,
    Delivery,
    DeliveryPlace,
    DeliveryState,
    NewDelivery,
    NewEndpoint,
    Room,
)
from tests.contract.store.builders import T0, an_id, at
from tests.contract.store.conftest import OpenSession

START, MIDDLE, END = Position(), Position(1, 10, 1), Position(1, 20, 7)
LONG_S, WAIT_S = 600.0, 30.0
ALL = ("pending", "delivered", "exhausted")


def an_endpoint(number: int = 1, tenant: str = "acme", position: Position = START) -> NewEndpoint:
    return NewEndpoint(an_id(number), tenant, f"https://{number}.example.com/", "", "{}", b"sealed", position)


def a_delivery(number: int, endpoint: int = 1, tenant: str = "acme", seconds: float = 0) -> NewDelivery:
    return NewDelivery(
        an_id(100 + number), an_id(endpoint), tenant, an_id(number), 8, "JobCompleted", at(seconds or number), "{}"
    )


@pytest.fixture
async def webhooks(store: Any) -> Any:
    """A store with an endpoint of each of two tenants."""
    for tenant in ("acme", "globex"):
        await store.add_tenant(tenant, T0)
    await store.add_endpoint(an_endpoint())
    await store.add_endpoint(an_endpoint(2, "globex"))
    return store


async def claim(
    store: Any, free: dict[UUID, int], lease_s: float, *, of_tenant: int = 100, limit: int = 100
) -> list[Delivery]:
    """Claim for endpoints 1 (acme), 2 (globex), and any others, which are acme's."""
    room = [Room(each, "globex" if each == an_id(2) else "acme", count) for each, count in free.items()]
    found: list[Delivery] = await store.claim_deliveries(
        room, lease_s, of_tenant={"acme": of_tenant, "globex": of_tenant}, limit=limit
    )
    return found


async def _state(store: Any, number: int) -> Any:
    found = await store.deliveries("acme", an_id(1), states=ALL, limit=100)
    return next(each for each in found if each.delivery_id == an_id(100 + number))


async def test_an_endpoint_is_made_once_and_belongs_to_its_tenant(webhooks: Any) -> None:
    again, first = await webhooks.add_endpoint(an_endpoint()._replace(url="https://other.example.com/"))

    assert (again.url, first) == ("https://1.example.com/", False)
    assert [each.endpoint_id for each in await webhooks.endpoints()] == [an_id(1), an_id(2)]
    assert [each.tenant for each in await webhooks.endpoints("globex")] == ["globex"]
    with pytest.raises(UnknownTenant):
        await webhooks.add_endpoint(an_endpoint(3, "nobody"))


async def test_a_change_is_taken_where_nobody_changed_it_since(webhooks: Any) -> None:
    (endpoint,) = await webhooks.endpoints("acme")

    assert await webhooks.change_endpoint(replace(endpoint, state="paused", url="https://new.example.com/"))
    assert not await webhooks.change_endpoint(replace(endpoint, description="late"))

    (changed,) = await webhooks.endpoints("acme")
    assert (changed.state, changed.url, changed.description, changed.version) == (
        "paused",
        "https://new.example.com/",
        "",
        2,
    )


async def test_a_stretch_of_the_log_is_taken_once_whoever_reads(webhooks: Any, open_session: OpenSession) -> None:
    other: Any = await open_session()

    moved = await asyncio.gather(
        webhooks.fan_out([an_id(1)], START, MIDDLE, [a_delivery(1), a_delivery(2)]),
        other.fan_out([an_id(1)], START, MIDDLE, [a_delivery(1), a_delivery(2)]),
    )

    assert sorted(moved) == [0, 1]
    found = await webhooks.deliveries("acme", an_id(1), states=ALL, limit=100)
    assert [each.delivery_id for each in found] == [an_id(102), an_id(101)]
    assert await webhooks.fan_out([an_id(1)], START, END, [a_delivery(3)]) == 0
    assert await webhooks.fan_out([an_id(1), an_id(2)], MIDDLE, END, [a_delivery(4), a_delivery(5, 2, "globex")]) == 1
    assert [each.position for each in await webhooks.endpoints()] == [END, START]
    assert await webhooks.deliveries("globex", an_id(2), states=ALL, limit=100) == []


async def test_what_is_due_is_claimed_by_one_and_no_endpoint_takes_the_room_of_another(
    webhooks: Any, open_session: OpenSession
) -> None:
    other: Any = await open_session()
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 21)])
    await webhooks.fan_out([an_id(2)], START, END, [a_delivery(30, 2, "globex")])

    one, two = await asyncio.gather(
        claim(webhooks, {an_id(1): 5, an_id(2): 5}, LONG_S),
        claim(other, {an_id(1): 5, an_id(2): 5}, LONG_S),
    )

    ids = [each.delivery_id for each in (*one, *two)]
    assert len(ids) == len(set(ids)) >= 6
    assert sum(each.endpoint_id == an_id(2) for each in (*one, *two)) == 1
    assert await claim(webhooks, {}, LONG_S) == []


async def test_tenants_take_turns_and_so_do_the_endpoints_of_one(webhooks: Any) -> None:
    """Given a tenant with two endpoints for which much is due for long, and one with little that is due since now."""
    await webhooks.add_endpoint(an_endpoint(3))
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 21)])
    await webhooks.fan_out([an_id(3)], START, END, [a_delivery(nth, 3) for nth in range(21, 41)])
    await webhooks.fan_out([an_id(2)], START, END, [a_delivery(nth, 2, "globex") for nth in range(41, 43)])
    free = {an_id(1): 10, an_id(3): 10, an_id(2): 10}

    first = await claim(webhooks, free, LONG_S, of_tenant=6, limit=8)
    second = await claim(webhooks, free, LONG_S, of_tenant=6, limit=3)

    assert Counter(each.endpoint_id for each in first) == {an_id(1): 3, an_id(3): 3, an_id(2): 2}
    assert (len(second), {each.tenant for each in second}) == (3, {"acme"})
    assert await claim(webhooks, free, LONG_S, of_tenant=0, limit=5) == []


async def test_it_is_told_for_which_endpoints_much_waits(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 4)])
    await webhooks.fan_out([an_id(2)], START, END, [a_delivery(9, 2, "globex")])

    async def crowded(pending_max: int) -> set[UUID]:
        return set(await webhooks.crowded_endpoints([an_id(1), an_id(2), an_id(7)], pending_max))

    assert (await crowded(1), await crowded(3), await crowded(4)) == ({an_id(1), an_id(2)}, {an_id(1)}, set())
    for each in await claim(webhooks, {an_id(1): 1}, LONG_S):
        await webhooks.settle(each.delivery_id, each.claims, Attempted("delivered", None, 200))
    assert await crowded(3) == set()


async def test_a_claim_that_is_over_is_taken_by_another_and_the_former_owner_says_nothing_more(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(1)])
    (mine,) = await claim(webhooks, {an_id(1): 1}, 0.01)

    async with asyncio.timeout(WAIT_S):
        while not (theirs := await claim(webhooks, {an_id(1): 1}, LONG_S)):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)

    await webhooks.settle(mine.delivery_id, mine.claims, Attempted("delivered", None, status=200))
    assert (await _state(webhooks, 1)).state == "pending"
    await webhooks.settle(theirs[0].delivery_id, theirs[0].claims, Attempted("delivered", None, status=204))
    settled = await _state(webhooks, 1)
    assert (settled.state, settled.attempts, settled.status, settled.due_at) == ("delivered", 1, 204, None)


async def test_a_failure_is_tried_again_when_its_time_has_come(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(1), a_delivery(2)])
    soon, late = await claim(webhooks, {an_id(1): 2}, LONG_S)

    failing = await webhooks.settle(soon.delivery_id, soon.claims, Attempted("pending", 0.0, 503, "busy", 12, "no"))
    await webhooks.settle(late.delivery_id, late.claims, Attempted("pending", LONG_S, 503))

    async with asyncio.timeout(WAIT_S):
        while not (again := await claim(webhooks, {an_id(1): 5}, LONG_S)):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    assert [(each.delivery_id, each.attempts, each.error, each.took_ms, each.answer) for each in again] == [
        (soon.delivery_id, 1, "busy", 12, "no")
    ]
    (endpoint,) = await webhooks.endpoints("acme")
    assert endpoint.failing_since is not None
    assert failing is not None


async def test_a_success_ends_the_time_of_failures(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(1), a_delivery(2)])
    one, two = await claim(webhooks, {an_id(1): 2}, LONG_S)

    first = await webhooks.settle(one.delivery_id, one.claims, Attempted("pending", LONG_S, 500))
    second = await webhooks.settle(two.delivery_id, two.claims, Attempted("exhausted", None, 500))
    assert second >= first
    (one,) = [each for each in [await _state(webhooks, 1)] if each.state == "pending"]
    assert await webhooks.settle(one.delivery_id, one.claims, Attempted("delivered", None, 200)) is None
    assert (await webhooks.endpoints("acme"))[0].failing_since is None


async def test_a_disabled_endpoint_keeps_what_is_due_and_says_why(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(1)])

    await webhooks.disable_endpoint(an_id(1), "gone")

    (endpoint,) = await webhooks.endpoints("acme")
    assert (endpoint.state, endpoint.why, endpoint.version) == ("disabled", "gone", 2)
    assert (await _state(webhooks, 1)).due_at is not None


async def test_deliveries_are_listed_in_pages_and_to_their_tenant_alone(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 6)])

    first = await webhooks.deliveries("acme", an_id(1), states=("pending",), limit=2)
    last = DeliveryPlace(first[-1].event_at, first[-1].delivery_id)
    rest = await webhooks.deliveries("acme", an_id(1), states=("pending",), before=last, limit=100)

    assert [each.stream_id for each in (*first, *rest)] == [an_id(nth) for nth in (5, 4, 3, 2, 1)]
    assert await webhooks.deliveries("acme", an_id(1), states=("delivered",), limit=100) == []
    assert await webhooks.deliveries("globex", an_id(1), states=ALL, limit=100) == []


async def test_a_range_is_delivered_again_from_the_first_attempt_on(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 7)])
    for each in await claim(webhooks, {an_id(1): 10}, LONG_S):
        state: DeliveryState = "delivered" if each.stream_id.int % 2 else "exhausted"
        await webhooks.settle(each.delivery_id, each.claims, Attempted(state, None, 500))

    async def replay(tenant: str, states: tuple[str, ...], limit: int) -> int:
        count: int = await webhooks.replay(tenant, an_id(1), since=at(2), until=at(6), states=states, limit=limit)
        return count

    assert await replay("globex", ("delivered", "exhausted"), 100) == 0
    assert await replay("acme", ("delivered", "exhausted"), 3) == 3
    again = await claim(webhooks, {an_id(1): 10}, LONG_S)
    assert [(each.stream_id, each.attempts, each.state) for each in sorted(again, key=lambda one: one.event_at)] == [
        (an_id(nth), 0, "pending") for nth in (2, 3, 4)
    ]


async def test_old_deliveries_are_forgotten_and_an_endpoint_goes_with_its_own(webhooks: Any) -> None:
    await webhooks.fan_out([an_id(1)], START, END, [a_delivery(nth) for nth in range(1, 6)])

    assert await webhooks.forget_deliveries(at(4), 2) == 2
    assert await webhooks.forget_deliveries(at(4), 100) == 1
    assert not await webhooks.drop_endpoint("globex", an_id(1))
    assert await webhooks.drop_endpoint("acme", an_id(1))
    assert await webhooks.deliveries("acme", an_id(1), states=ALL, limit=100) == []
    assert await webhooks.endpoints("acme") == []


async def test_something_can_be_told_that_is_in_no_log(webhooks: Any) -> None:
    ping = a_delivery(1)._replace(type="Ping", delivery_id=UUID(int=77))
    made = await webhooks.add_delivery(ping)
    again = await webhooks.add_delivery(ping)
    assert (made.delivery_id, made.state) == (again.delivery_id, "pending")
    assert len(await claim(webhooks, {an_id(1): 5}, LONG_S)) == 1
