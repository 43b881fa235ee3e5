"""The trail of deeds: each is kept once, by tenant, and read from the latest back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from queuebit_store.audit.port import AuditTrail, Deed
from tests.contract.store.builders import at


def _deed(number: int, **changes: str) -> Deed:
    values = {"tenant": "acme", "actor": "key:a", "action": "key.make", "about": "k", "reason": "r", **changes}
    return Deed(UUID(int=number), at=at(number), **values)


async def test_deeds_of_a_tenant_come_in_pages_the_latest_first(store: AuditTrail) -> None:
    mine = [_deed(number, action="key.make" if number % 2 else "key.revoke") for number in range(1, 6)]
    at_once = _deed(9)
    twin = Deed(UUID(int=10), *(getattr(at_once, name) for name in ("tenant", "at", "actor", "action", "about")))
    for each in (*mine, at_once, twin, _deed(20, tenant="globex")):
        await store.note_deed(each)
    await store.note_deed(_deed(3, reason="another"))

    first = await store.deeds("acme", limit=3)
    rest = await store.deeds("acme", before=(first[-1].at, first[-1].deed_id), limit=10)
    revoked = await store.deeds("acme", actions=["key.revoke"], limit=10)

    assert [*first, *rest] == [twin, at_once, *reversed(mine)]
    assert revoked == [mine[3], mine[1]]
    assert await store.deeds("nobody", limit=10) == []


async def test_what_is_kept_stays_as_it_is(store: AuditTrail) -> None:
    first = _deed(1)
    await store.note_deed(first)
    await store.note_deed(_deed(1, reason="another"))
    assert await store.deeds("acme", limit=10) == [first]
    assert (await store.deeds("acme", before=(first.at + timedelta(seconds=1), UUID(int=0)), limit=10)) == [first]
