"""Appending: all or nothing a stream, only at the expected version, each stream of a batch for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import Append, Head, NewEvent, Position, StoredEvent, StreamRow
from tests.contract.store.builders import a_head, an_append, an_event, an_id, at, names

OpenSession = Callable[[], Awaitable[Any]]


async def test_new_stream_is_stored_whole(store: Any) -> None:
    append = an_append(1, events=2, head=a_head("queued", wake_at=at(60)), seconds=5)

    assert await store.append([append]) == [True]

    (first, second) = (await store.load([an_id(1)]))[an_id(1)]
    assert (first, second) == tuple(
        StoredEvent(
            epoch=stored.epoch,
            xid=stored.xid,
            seq=stored.seq,
            stream_id=an_id(1),
            version=version,
            id=given.id,
            type="JobPlanned",
            schema_version=1,
            data="{}",
            time=at(5),
            tenant="acme",
            causation_id=given.causation_id,
            traceparent=given.traceparent,
        )
        for version, stored, given in ((1, first, append.events[0]), (2, second, append.events[1]))
    )
    assert await store.heads([an_id(1)]) == {
        an_id(1): StreamRow(an_id(1), "acme", 2, a_head("queued", wake_at=at(60)), at(5), at(5), "job")
    }


async def test_next_append_moves_the_head_and_keeps_the_creation_time(store: Any) -> None:
    await store.append([an_append(1, seconds=1)])

    assert await store.append([an_append(1, expected=1, events=3, head=a_head("done"), seconds=9)]) == [True]

    row = (await store.heads([an_id(1)]))[an_id(1)]
    assert (row.version, row.head, row.created_at, row.updated_at) == (4, a_head("done"), at(1), at(9))


async def test_other_version_is_refused_and_nothing_is_written(store: Any) -> None:
    await store.append([an_append(1, events=2)])
    before = (await store.load([an_id(1)]), await store.heads([an_id(1)]))

    for expected in (0, 1, 3):
        assert await store.append([an_append(1, expected=expected, head=a_head("other"))]) == [False]
    assert await store.append([an_append(2, expected=1)]) == [False]

    assert (await store.load([an_id(1), an_id(2)]), await store.heads([an_id(1), an_id(2)])) == before


async def test_streams_of_a_batch_pass_or_fail_each_for_itself_in_the_order_asked(store: Any) -> None:
    await store.append([an_append(1), an_append(3)])

    batch = [an_append(4), an_append(3, expected=1, events=2), an_append(1, expected=7), an_append(2), an_append(3 + 2)]

    assert await store.append(batch) == [True, True, False, True, True]
    loaded = await store.load([an_id(n) for n in range(1, 7)])
    assert {stream_id: len(events) for stream_id, events in loaded.items()} == {
        an_id(1): 1,
        an_id(2): 1,
        an_id(3): 3,
        an_id(4): 1,
        an_id(5): 1,
    }


async def test_events_of_a_batch_are_read_in_batch_order(store: Any) -> None:
    await store.append([an_append(9, events=3), an_append(2, events=2), an_append(5)])

    assert names(await store.read(Position(), limit=100)) == [
        *((an_id(9), version) for version in (1, 2, 3)),
        *((an_id(2), version) for version in (1, 2)),
        (an_id(5), 1),
    ]


async def test_stream_of_another_tenant_is_refused(store: Any) -> None:
    await store.append([an_append(1, tenant="acme")])

    assert await store.append([an_append(1, expected=1, tenant="other")]) == [False]


def _first(stream: int, event: NewEvent, head: Head, tenant: str = "", category: str = "job") -> Append:
    events = (event, event._replace(id=an_id(stream + 50), time=at(9)))
    return Append(an_id(stream), tenant, 0, events, head, category)


_PLAIN = NewEvent(an_id(90), "", 1, "{}", at(1))
_FULL = NewEvent(an_id(91), "JobQueued", 2, '{"a": [1,  2]}', at(2), an_id(92), "00-f00d-01")
_EMPTY_HEAD = Head("")
_HEAD = a_head("queued", wake_at=at(60))
_NAMES = {"tenant": "acme", "category": "path"}


@pytest.mark.parametrize(
    "batch",
    [
        [_first(1, _PLAIN, _EMPTY_HEAD)],
        [_first(1, _FULL, _HEAD, **_NAMES)],
        [_first(n, _PLAIN, _EMPTY_HEAD) for n in (2, 1)],
        [_first(n, _FULL, _HEAD, **_NAMES) for n in (1, 3, 2)],
        [_first(3, _FULL, _HEAD, **_NAMES), _first(1, _PLAIN, _EMPTY_HEAD), _first(2, _FULL, _EMPTY_HEAD, tenant="a")],
        [_first(1, _PLAIN, _EMPTY_HEAD), _first(3, _FULL, _HEAD, **_NAMES), _first(2, _PLAIN, _HEAD, category="path")],
    ],
    ids=["one-plain", "one-full", "all-plain", "all-full", "full-first", "plain-first"],
)
async def test_values_are_stored_alike_whether_streams_share_them_or_not(store: Any, batch: list[Append]) -> None:
    assert await store.append(batch) == [True] * len(batch)

    loaded = await store.load([one.stream_id for one in batch])
    assert {
        stream_id: [
            (
                one.version,
                one.tenant,
                one.id,
                one.type,
                one.schema_version,
                one.data,
                one.time,
                one.causation_id,
                one.traceparent,
            )
            for one in stored
        ]
        for stream_id, stored in loaded.items()
    } == {
        one.stream_id: [
            (
                version,
                one.tenant,
                event.id,
                event.type,
                event.schema_version,
                event.data,
                event.time,
                event.causation_id,
                event.traceparent,
            )
            for version, event in enumerate(one.events, 1)
        ]
        for one in batch
    }
    assert await store.heads([one.stream_id for one in batch]) == {
        one.stream_id: StreamRow(
            one.stream_id,
            one.tenant,
            2,
            one.head,
            one.events[0].time,
            one.events[1].time,
            one.category,
        )
        for one in batch
    }


async def test_no_character_but_u0000_means_anything(store: Any) -> None:
    odd = '\x1f,"{}()\\ NULL \u20ac\U0001f600'
    event = NewEvent(an_id(90), odd, 1, "{}", at(1), None, odd)
    append = Append(an_id(1), odd, 0, (event,), Head(odd, None, {odd: odd, "empty": ""}), odd)

    assert await store.append([append]) == [True]

    assert [(one.tenant, one.type, one.traceparent) for one in await store.events_of(an_id(1))] == [(odd, odd, odd)]
    row = (await store.heads([an_id(1)]))[an_id(1)]
    assert (row.tenant, row.category, row.head) == (odd, odd, append.head)


async def test_empty_batch_does_nothing(store: Any) -> None:
    assert await store.append([]) == []


def _with_data(data: str) -> Append:
    return an_append(1)._replace(events=(an_event(1, data=data),))


@pytest.mark.parametrize(
    "batch",
    [
        [an_append(1), an_append(2), an_append(1, expected=1)],
        [an_append(1, events=0)],
        [an_append(1, expected=-1)],
        [an_append(1, expected=2**31 - 1)],
        [_with_data("{")],
        [_with_data('{"x":NaN}')],
        [_with_data("")],
        [_with_data("{}\x00")],
        [an_append(1, head=a_head("a\x00b"))],
        [an_append(1, head=a_head("a\ud800b"))],
        [an_append(1, head=a_head(kind="a\x00b"))],
        [an_append(1, head=a_head(kind="a\ud800b"))],
        [an_append(2), _with_data("nil")],
    ],
    ids=[
        "twice",
        "no-events",
        "negative",
        "too-far",
        "cut",
        "nan",
        "empty",
        "nul-data",
        "nul-head",
        "half-a-pair",
        "nul-attribute",
        "half-a-pair-attribute",
        "among-good",
    ],
)
async def test_bad_batch_is_refused_whole(store: Any, batch: list[Append]) -> None:
    with pytest.raises(InvalidBatch):
        await store.append(batch)

    assert await store.load([an_id(1), an_id(2)]) == {}


@pytest.mark.parametrize(
    "data",
    [
        '{"b" : 1,\n  "a": 1.0e+2, "a": 2}',
        '{"text":"\\u00e9 é \\ud83d\\ude00 😀 \\u0000 \\/"}',
        '{"big":123456789012345678901234567890.10}',
        "[ ]",
        " null ",
        "9" * 5000,
        "-1e999",
    ],
)
async def test_data_comes_back_byte_for_byte(store: Any, data: str) -> None:
    await store.append([_with_data(data)])

    assert [event.data for event in await store.read(Position(), limit=1)] == [data]


async def test_one_of_two_racing_first_appends_wins(open_session: OpenSession) -> None:
    sessions = [await open_session() for _ in range(4)]

    for stream in range(1, 11):
        outcomes = await asyncio.gather(*(session.append([an_append(stream)]) for session in sessions))
        assert sorted(outcomes) == [[False]] * 3 + [[True]]


async def test_one_of_two_racing_next_appends_wins(open_session: OpenSession) -> None:
    sessions = [await open_session() for _ in range(4)]
    await sessions[0].append([an_append(1)])

    for version in range(1, 11):
        outcomes = await asyncio.gather(*(session.append([an_append(1, expected=version)]) for session in sessions))
        assert sorted(outcomes) == [[False]] * 3 + [[True]]
    assert [event.version for event in await sessions[0].events_of(an_id(1))] == list(range(1, 12))


async def test_overlapping_batches_in_opposite_order_both_end(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    streams = range(1, 31)

    for version in range(8):
        batch = [an_append(stream, expected=version) for stream in streams]
        outcomes = await asyncio.gather(one.append(batch), two.append(batch[::-1]))
        assert [a + b for a, b in zip(outcomes[0], outcomes[1][::-1], strict=True)] == [1] * len(streams)


async def test_a_stream_is_not_made_where_its_rival_exists(store: Any) -> None:
    """A refusal and a job of one question: the first one stands."""
    rivalled = [an_append(n)._replace(rival_id=an_id(n + 10)) for n in (1, 2, 3)]
    await store.append([an_append(11), an_append(13)])

    assert await store.append([*rivalled, an_append(4)]) == [False, True, False, True]
    assert set(await store.load([an_id(n) for n in (1, 2, 3, 4)])) == {an_id(2), an_id(4)}


async def test_a_rival_stops_no_stream_that_exists(store: Any) -> None:
    await store.append([an_append(1)])
    await store.append([an_append(11)])
    assert await store.append([an_append(1, expected=1)._replace(rival_id=an_id(11))]) == [True]
