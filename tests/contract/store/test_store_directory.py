"""Idempotency keys, tenants, API keys and leads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from queuebit_store.errors import AlreadyExists, UnknownTenant
from queuebit_store.ports import ApiKeyRow, Reservation
from tests.contract.store.builders import an_id, at

OpenSession = Callable[[], Awaitable[Any]]


def _wish(key: str, stream: int, *, tenant: str = "acme") -> Reservation:
    return Reservation(tenant, key, an_id(stream), f"print-{stream}", at(stream))


async def test_what_is_held_for_a_stream_tells_the_question(store: Any) -> None:
    held = replace(_wish("a", 1), question='{"kind": "tsp"}')
    assert await store.reserve([held, _wish("b", 2)]) == [held, _wish("b", 2)]
    assert await store.reserve([replace(held, question="other", stream_id=an_id(9))]) == [held]
    assert [await store.held_for(an_id(n)) for n in (1, 2, 9)] == [held, _wish("b", 2), None]


async def test_the_first_to_reserve_a_key_holds_it(store: Any) -> None:
    assert await store.reserve([_wish("b", 1), _wish("a", 2)]) == [_wish("b", 1), _wish("a", 2)]

    assert await store.reserve([_wish("a", 3), _wish("c", 4), _wish("b", 1), _wish("a", 5, tenant="bolt")]) == [
        _wish("a", 2),
        _wish("c", 4),
        _wish("b", 1),
        _wish("a", 5, tenant="bolt"),
    ]
    assert await store.reserve([]) == []


async def test_who_holds_a_key_is_told_without_taking_it(store: Any) -> None:
    await store.reserve([_wish("a", 1)])

    assert await store.holder("acme", "a") == _wish("a", 1)
    assert [await store.holder("bolt", "a"), await store.holder("acme", "b")] == [None, None]
    assert await store.reserve([_wish("b", 2)]) == [_wish("b", 2)]


async def test_the_first_of_one_call_holds_a_key_asked_twice(store: Any) -> None:
    assert await store.reserve([_wish("b", 9), _wish("a", 1), _wish("a", 2)]) == [
        _wish("b", 9),
        _wish("a", 1),
        _wish("a", 1),
    ]


async def test_racing_sessions_get_the_same_answer(open_session: OpenSession) -> None:
    sessions = [await open_session() for _ in range(4)]

    for turn in range(15):
        keys = [f"{turn}-{n}" for n in range(5)]
        answers = await asyncio.gather(
            *(
                session.reserve([_wish(key, 100 * number + n) for n, key in enumerate(keys)][:: (-1) ** number])
                for number, session in enumerate(sessions)
            )
        )
        by_key = [sorted(answer, key=lambda one: one.key) for answer in answers]
        assert all(answer == by_key[0] for answer in by_key)


async def test_tenants_are_remembered_once(store: Any) -> None:
    await store.add_tenant("acme", at(0))
    await store.add_tenant("acme", at(1))
    await store.add_tenant("bolt", at(2))

    assert await store.known_tenants(["acme", "bolt", "nobody"]) == frozenset({"acme", "bolt"})


async def test_api_keys_are_found_and_revoked_once(store: Any) -> None:
    row = ApiKeyRow(
        "k1", "acme", "operator", b"\x00\xff", at(0), expires_at=at(9), scopes=("job:read",), networks=("10.0.0.0/8",)
    )
    await store.add_tenant("acme", at(0))
    await store.add_key(row)

    assert await store.find_keys(["k1", "k2"]) == {"k1": row}
    assert await store.find_keys([]) == {}
    assert [await store.revoke_key("k1", at(3)), await store.revoke_key("k1", at(4))] == [True, False]
    assert await store.revoke_key("k2", at(3)) is False
    assert await store.find_keys(["k1"]) == {"k1": replace(row, revoked_at=at(3))}


async def test_api_keys_are_listed_oldest_first_and_by_tenant(store: Any) -> None:
    await store.add_tenant("acme", at(0))
    await store.add_tenant("bolt", at(0))
    young, old = ApiKeyRow("k1", "acme", "viewer", b"x", at(2)), ApiKeyRow("k2", "bolt", "admin", b"y", at(1), at(9))
    for row in (young, old):
        await store.add_key(row)
    await store.revoke_key("k1", at(3))

    assert await store.list_keys() == [old, replace(young, revoked_at=at(3))]
    assert await store.list_keys("bolt") == [old]
    assert await store.list_keys("cord") == []


async def test_api_key_needs_a_tenant_and_an_id_of_its_own(store: Any) -> None:
    row = ApiKeyRow("k1", "acme", "viewer", b"x", at(0))
    with pytest.raises(UnknownTenant):
        await store.add_key(row)
    await store.add_tenant("acme", at(0))
    await store.add_key(row)
    with pytest.raises(AlreadyExists):
        await store.add_key(replace(row, role="admin"))
    assert await store.find_keys(["k1"]) == {"k1": row}


async def test_an_api_key_ends_sooner_and_never_later(store: Any) -> None:
    await store.add_tenant("acme", at(0))
    row = ApiKeyRow("k1", "acme", "viewer", b"x", at(0), expires_at=at(9))
    for each in (row, replace(row, key_id="k2", expires_at=None), replace(row, key_id="k3", revoked_at=at(1))):
        await store.add_key(each)

    assert [await store.expire_key(key_id, at(5)) for key_id in ("k1", "k2", "k3", "k4")] == [True, True, False, False]
    assert await store.expire_key("k1", at(7))

    found = await store.find_keys(["k1", "k2", "k3"])
    assert [found[key_id].expires_at for key_id in ("k1", "k2", "k3")] == [at(5), at(5), at(9)]


async def test_when_keys_were_last_used_is_noted_and_never_put_back(store: Any) -> None:
    await store.add_tenant("acme", at(0))
    rows = [
        ApiKeyRow(f"key0000{n}", "acme", "viewer", b"hash", at(0), name="n", project="p", environment="dev")
        for n in (1, 2)
    ]
    for row in rows:
        await store.add_key(row)

    await store.use_keys({"key00001": at(5), "nobody": at(5)})
    await store.use_keys({"key00001": at(3), "key00002": at(4)})
    await store.use_keys({})

    found = await store.list_keys("acme")
    assert found == [replace(rows[0], last_used_at=at(5)), replace(rows[1], last_used_at=at(4))]
