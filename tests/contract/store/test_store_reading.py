"""Loading, listing, timers, and the read in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.ports import FIRST_LINE, Append, Line, Position, StoredEvent, StreamFilter
from tests.contract.store.builders import a_head, an_append, an_id, at, names

OpenSession = Callable[[], Awaitable[Any]]


async def _read_all(store: Any, *, limit: int, after: Position = Position()) -> list[StoredEvent]:  # noqa: B008
    found: list[StoredEvent] = []
    while page := await store.read(found[-1].position if found else after, limit=limit):
        assert len(page) <= limit
        found += page
    return found


async def test_load_gives_each_stream_that_exists(store: Any) -> None:
    await store.append([an_append(1, events=2), an_append(2)])
    await store.append([an_append(1, expected=2)])

    loaded = await store.load([an_id(2), an_id(3), an_id(1), an_id(1)])

    assert {stream: [event.version for event in events] for stream, events in loaded.items()} == {
        an_id(1): [1, 2, 3],
        an_id(2): [1],
    }
    assert await store.load([]) == {}


async def test_events_of_one_stream_page_by_page(store: Any) -> None:
    await store.append([an_append(1, events=5), an_append(2, events=2)])

    assert [event.version for event in await store.events_of(an_id(1), after_version=1, limit=2)] == [2, 3]
    assert [event.version for event in await store.events_of(an_id(1), after_version=3)] == [4, 5]
    assert await store.events_of(an_id(1), after_version=5) == []
    assert await store.events_of(an_id(3)) == []


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
async def test_read_in_order_gives_everything_once_for_any_page_size(store: Any, limit: int) -> None:
    for version in range(3):
        await store.append([an_append(stream, expected=version * 2, events=2) for stream in (3, 1, 2)])

    events = await _read_all(store, limit=limit)

    assert sorted(names(events)) == [(an_id(stream), version) for stream in (1, 2, 3) for version in range(1, 7)]
    assert [event.position for event in events] == sorted({event.position for event in events})


async def test_read_knows_categories(store: Any) -> None:
    await store.append([an_append(1), an_append(2, category="path"), an_append(3)])

    assert names(await store.read(Position(), limit=9)) == [(an_id(1), 1), (an_id(3), 1)]
    assert names(await store.read(Position(), limit=9, categories=("path",))) == [(an_id(2), 1)]
    assert await store.read(Position(), limit=9, categories=("policy",)) == []


async def test_reader_beside_appenders_gets_everything_once_and_each_stream_in_order(open_session: OpenSession) -> None:
    writers = [await open_session() for _ in range(3)]
    reader = await open_session()
    random_source = random.Random(7)
    reached = dict.fromkeys(range(1, 7), 0)
    writing = True

    async def write(store: Any) -> None:
        for _ in range(40):
            streams = random_source.sample(sorted(reached), 3)
            batch = [an_append(stream, expected=reached[stream], events=2) for stream in streams]
            for append, passed in zip(batch, await store.append(batch), strict=True):
                if passed:
                    reached[next(n for n in reached if an_id(n) == append.stream_id)] += 2

    seen: list[StoredEvent] = []

    async def follow() -> None:
        while True:
            last = not writing
            page = await reader.read(seen[-1].position if seen else Position(), limit=5)
            seen.extend(page)
            if last and not page:
                return
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(writer) for writer in writers))
    writing = False
    await asyncio.wait_for(following, 60)

    assert sum(reached.values()) > 60, "most appends must have passed, or nothing was tested"
    for stream, version in reached.items():
        assert [event.version for event in seen if event.stream_id == an_id(stream)] == list(range(1, version + 1))
    assert [event.position for event in seen] == sorted({event.position for event in seen})


async def test_cursor_comes_back_and_a_read_goes_on_from_it(store: Any) -> None:
    await store.append([an_append(1, events=3)])
    assert await store.load_cursor("relay") == Position()

    first = (await store.read(Position(), limit=1))[0].position
    await store.save_cursor("relay", first)
    await store.save_cursor("other", Position(3, 2**63 + 1, 2**62))

    assert await store.load_cursor("relay") == first
    assert await store.load_cursor("other") == Position(3, 2**63 + 1, 2**62)
    assert names(await store.read(await store.load_cursor("relay"), limit=9)) == [(an_id(1), 2), (an_id(1), 3)]
    await store.save_cursor("relay", Position())
    assert await store.load_cursor("relay") == Position()


async def test_due_streams_come_earliest_first(store: Any) -> None:
    wake = {1: 30, 2: 10, 3: None, 4: 20, 5: 99}
    await store.append([an_append(n, head=a_head(wake_at=None if s is None else at(s))) for n, s in wake.items()])

    assert await store.due(at(30), limit=9) == [an_id(2), an_id(4), an_id(1)]
    assert await store.due(at(30), limit=2) == [an_id(2), an_id(4)]
    assert await store.due(at(9), limit=9) == []

    await store.append([an_append(2, expected=1), an_append(5, expected=1, head=a_head(wake_at=at(5)))])

    assert await store.due(at(30), limit=9) == [an_id(5), an_id(4), an_id(1)]


async def _three_tenants(store: Any) -> None:
    for n in range(1, 31):
        head = a_head(
            ("done", "failed", "queued")[n % 3], kind=("maxcut", "tsp")[n % 2], tier=("batch", "fast")[n // 16]
        )
        await store.append([an_append(n, tenant=("acme", "bolt")[n % 5 == 0], head=head, seconds=n)])
    await store.append([an_append(40, category="path")])


_FILTERS = [
    (StreamFilter(tenant="acme"), lambda n: n % 5 != 0),
    (StreamFilter(tenant="none"), lambda n: False),
    (StreamFilter(tenant="acme", states=("done",)), lambda n: n % 5 != 0 and n % 3 == 0),
    (StreamFilter(tenant="acme", states=("done", "failed", "done")), lambda n: n % 5 != 0 and n % 3 != 2),
    (
        StreamFilter(tenant="acme", states=("queued",), attributes={"kind": ("tsp",)}),
        lambda n: n % 5 and n % 3 == 2 and n % 2,
    ),
    (
        StreamFilter(tenant="bolt", attributes={"kind": ("maxcut", "tsp"), "tier": ("fast",)}),
        lambda n: n % 5 == 0 and n > 15,
    ),
    (StreamFilter("acme", created_from=at(10), created_to=at(20)), lambda n: n % 5 and 10 <= n < 20),
    (StreamFilter(tenant="acme", states=("done",), created_from=at(10)), lambda n: n % 5 and n % 3 == 0 and n >= 10),
]


@pytest.mark.parametrize("limit", [1, 4, 100])
@pytest.mark.parametrize(("wanted", "expected"), _FILTERS)
async def test_lists_page_newest_first(store: Any, wanted: StreamFilter, expected: Any, limit: int) -> None:
    await _three_tenants(store)

    found = []
    while page := await store.list_heads(wanted, limit=limit):
        assert len(page) <= limit
        found += page
        wanted = replace(wanted, before=page[-1].place)

    assert [row.stream_id for row in found] == [an_id(n) for n in range(30, 0, -1) if expected(n)]


async def test_lists_are_in_the_order_of_acceptance_whatever_the_ids_are(store: Any) -> None:
    """Ids of three senders: one ordered by time, one against it, one all at the same moment."""
    accepted = {n: n for n in range(1, 6)} | {n: 40 - n for n in range(11, 16)} | dict.fromkeys(range(21, 26), 3)
    await store.append(
        [an_append(n, seconds=second, head=a_head(("done", "queued")[n % 2])) for n, second in accepted.items()]
    )
    expected = [an_id(n) for n in sorted(accepted, key=lambda n: (accepted[n], n), reverse=True)]

    for limit in (1, 2, 7):
        for states in ((), ("done", "queued")):
            wanted, found = StreamFilter("acme", states), []
            while page := await store.list_heads(wanted, limit=limit):
                found += [row.stream_id for row in page]
                wanted = replace(wanted, before=page[-1].place)
            assert found == expected


async def test_pages_repeat_nothing_and_skip_nothing_while_jobs_come_and_move_on(store: Any) -> None:
    await store.append([an_append(n, seconds=n // 3) for n in range(1, 13)])
    first = await store.list_heads(StreamFilter("acme"), limit=5)
    await store.append(
        [an_append(20, seconds=99), an_append(9, expected=1, seconds=99), an_append(2, expected=1, seconds=99)]
    )
    rest = await store.list_heads(StreamFilter("acme", before=first[-1].place), limit=99)
    assert [row.stream_id for row in (*first, *rest)] == [an_id(n) for n in range(12, 0, -1)]


async def test_a_walk_visits_all_tenants_in_the_order_of_ids(store: Any) -> None:
    await _three_tenants(store)
    found: list[Any] = []
    while page := await store.walk_heads(found[-1] if found else None, limit=7):
        found += [row.stream_id for row in page]
    assert found == [an_id(n) for n in range(1, 31)]
    assert [row.stream_id for row in await store.walk_heads(limit=9, category="path")] == [an_id(40)]


async def test_lists_know_categories(store: Any) -> None:
    await _three_tenants(store)

    assert [row.stream_id for row in await store.list_heads(StreamFilter("acme", categories=("path",)), limit=9)] == [
        an_id(40)
    ]
    both = StreamFilter("acme", categories=("path", "job"), states=("planned", "done"))
    assert len(await store.list_heads(both, limit=99)) == 1 + sum(1 for n in range(1, 31) if n % 5 and n % 3 == 0)
    assert await store.list_heads(StreamFilter("acme", attributes={"colour": ("red",)}), limit=9) == []


async def test_held_jobs_are_walked_over_all_tenants_the_oldest_first(store: Any) -> None:
    await store.append([an_append(1, head=a_head("held"), seconds=5), an_append(2), an_append(3, head=a_head("held"))])
    await store.append([an_append(4, head=a_head("held"), tenant="globex", seconds=2)])
    await store.append([an_append(5, head=a_head("held"), seconds=1)])
    await store.append([an_append(5, expected=1, head=a_head("queued"))])

    first = await store.held_heads(limit=2)

    assert [row.stream_id for row in first] == [an_id(3), an_id(4)]
    assert [row.stream_id for row in await store.held_heads(first[-1].place, limit=2)] == [an_id(1)]
    assert await store.held_heads((await store.held_heads(limit=9))[-1].place, limit=2) == []


def waiting(stream: int, tenant: str, queue: str, seconds: float) -> Append:
    """A job that waits for its turn."""
    head = a_head("held")
    head = head._replace(attributes={**head.attributes, "waits": queue, "waits_s": "1"})
    return an_append(stream, head=head, tenant=tenant, seconds=seconds)


async def test_of_those_that_wait_for_a_turn_the_oldest_of_each_tenant_and_queue_are_found(store: Any) -> None:
    """Given jobs that wait, of two tenants on two queues, and some that an operator holds, then only the former are found."""

    await store.append([waiting(nth, "acme", "classical/batch", 100 - nth) for nth in range(1, 8)])
    await store.append([waiting(10, "acme", "quantum/batch", 1), waiting(11, "globex", "classical/batch", 2)])
    await store.append([an_append(20, head=a_head("held")), waiting(21, "zeta", "classical/batch", 3)])
    await store.append([an_append(21, expected=1, head=a_head("queued"), tenant="zeta")])

    async def found(each: int, lines: int, after: Line = FIRST_LINE) -> list[tuple[str, str, UUID]]:
        rows = await store.waiting_heads(after, each=each, lines=lines)
        return [(row.tenant, row.head.attributes["waits"], row.stream_id) for row in rows]

    assert await found(2, 9) == [
        ("acme", "classical/batch", an_id(7)),
        ("acme", "classical/batch", an_id(6)),
        ("acme", "quantum/batch", an_id(10)),
        ("globex", "classical/batch", an_id(11)),
    ]
    assert [tenant for tenant, _, _ in await found(1, 2)] == ["acme", "acme"]
    behind = await found(1, 1, Line("acme", "classical/batch"))
    assert behind == [("acme", "quantum/batch", an_id(10))]
    assert [tenant for tenant, _, _ in await found(2, 9, Line("acme", "quantum/batch"))] == ["globex"]
    assert await found(2, 9, Line("zzz", "")) == []


async def test_a_late_job_with_a_priority_is_found_however_many_of_its_tenant_came_before_it(store: Any) -> None:
    await store.append([waiting(nth, "acme", "classical/batch", nth) for nth in range(1, 8)])
    await store.append([waiting(9, "acme", "classical/batch/+5", 50), waiting(8, "acme", "classical/batch/-9", 60)])

    rows = await store.waiting_heads(each=2, lines=9)

    assert {row.stream_id for row in rows} == {an_id(1), an_id(2), an_id(8), an_id(9)}


async def test_heads_are_rewritten_only_at_the_version_that_was_folded(store: Any) -> None:
    await store.append([an_append(1, events=2), an_append(2), an_append(3, head=a_head(wake_at=at(1)))])
    before = await store.heads([an_id(2)])

    assert (
        await store.rewrite_heads(
            [
                (an_id(3), 1, a_head("c")),
                (an_id(1), 2, a_head("a")),
                (an_id(2), 7, a_head("b")),
                (an_id(4), 1, a_head("d")),
            ]
        )
        == 2
    )

    heads = await store.heads([an_id(1), an_id(2), an_id(3), an_id(4)])
    assert {key: row.head.state for key, row in heads.items()} == {an_id(1): "a", an_id(2): "planned", an_id(3): "c"}
    assert heads[an_id(2)] == before[an_id(2)]
    assert await store.due(at(99), limit=9) == []
    assert await store.rewrite_heads([]) == 0
