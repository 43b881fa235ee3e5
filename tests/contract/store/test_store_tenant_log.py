"""The log as one tenant may see it: its own events alone, in order, and how far the rest was looked at."""

from __future__ import annotations

from typing import Any

from queuebit_store.ports import Position
from tests.contract.store.builders import an_append, an_id, names

BOTH = ("job", "refusal")


async def _filled(store: Any) -> None:
    await store.append([an_append(1, events=2), an_append(2, tenant="globex", events=3)])
    await store.append([an_append(3, tenant="globex"), an_append(4, category="refusal")])
    await store.append([an_append(1, expected=2), an_append(5, tenant="globex")])


async def test_an_empty_log_ends_at_its_beginning(store: Any) -> None:
    assert await store.log_end(BOTH) == Position()
    assert await store.read_tenant("acme", Position(), limit=10, categories=BOTH) == ([], Position(), False)


async def test_gives_ones_own_events_and_the_end_of_the_stretch(store: Any) -> None:
    await _filled(store)

    page = await store.read_tenant("acme", Position(), limit=100, categories=BOTH)

    assert names(page.events) == [(an_id(1), 1), (an_id(1), 2), (an_id(4), 1), (an_id(1), 3)]
    assert {event.tenant for event in page.events} == {"acme"}
    assert page.end == await store.log_end(BOTH)
    assert not page.more


async def test_small_stretches_come_to_the_same_and_pass_over_the_events_of_others(store: Any) -> None:
    await _filled(store)
    found: list[Any] = []
    after, stretches, more = Position(), 0, True
    while more:
        events, after, more = await store.read_tenant("acme", after, limit=2, categories=BOTH)
        found += events
        stretches += 1

    whole = await store.read_tenant("acme", Position(), limit=100, categories=BOTH)
    assert found == whole.events
    assert stretches == 5
    assert (await store.read_tenant("nobody", Position(), limit=100, categories=BOTH)).events == []


async def test_reads_only_the_categories_that_are_asked_for(store: Any) -> None:
    await _filled(store)
    page = await store.read_tenant("acme", Position(), limit=100, categories=("refusal",))
    assert names(page.events) == [(an_id(4), 1)]
    assert await store.log_end(("refusal",)) == page.end


async def test_nothing_is_archived_where_nobody_has_archived(store: Any) -> None:
    await _filled(store)
    events = (await store.read_tenant("acme", Position(), limit=1)).events
    assert await store.archived_after(events[0].time) is False


async def test_what_is_asked_for_a_tenant_tells_nothing_of_another(store: Any) -> None:
    for number, tenant in ((71, "acme"), (72, "globex")):
        assert await store.append([an_append(number, events=2, tenant=tenant)]) == [True]
    ids = [an_id(71), an_id(72)]

    assert set(await store.heads(ids, tenant="acme")) == {an_id(71)}
    assert await store.heads(ids, tenant="nobody") == {}
    assert [event.version for event in await store.events_of(an_id(72), tenant="globex")] == [1, 2]
    assert await store.events_of(an_id(72), tenant="acme") == []
    assert set(await store.heads(ids)) == {*ids}
