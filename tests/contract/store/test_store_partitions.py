"""Partitions: made once, never over one another, and no matter to whoever appends and reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from queuebit_store.partitions.port import Partition, months
from queuebit_store.ports import Position
from tests.contract.store.builders import an_append, names

NEXT = datetime(2031, 1, 1, tzinfo=UTC)
AFTER = datetime(2031, 2, 1, tzinfo=UTC)
LATER = Partition("event_2031_01", NEXT, AFTER)


def _id(moment: datetime, number: int) -> UUID:
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 29, 17, 3, tzinfo=UTC), ["event_2026_11", "event_2026_12", "event_2027_01"]),
        (datetime(2028, 1, 31, 23, 59, 59, 999_999, UTC), ["event_2028_01", "event_2028_02", "event_2028_03"]),
    ],
)
def test_months_follow_one_another_without_a_gap(now: datetime, expected: list[str]) -> None:
    found = list(months(now, 2))

    assert [each.name for each in found] == expected
    assert found[0].since <= now < found[0].until
    assert [each.until for each in found[:-1]] == [each.since for each in found[1:]]
    assert [each.until_id for each in found[:-1]] == [each.from_id for each in found[1:]]


async def test_a_partition_is_made_once_and_never_over_another(store: Any) -> None:
    assert await store.add_partition(LATER) is True
    assert await store.add_partition(LATER) is False
    assert await store.add_partition(Partition("event_middle", datetime(2031, 1, 15, tzinfo=UTC), AFTER)) is False

    assert [each for each in await store.partitions() if each.since >= NEXT] == [LATER]


async def test_processes_that_make_the_same_partition_make_it_once(open_session: Callable[[], Awaitable[Any]]) -> None:
    sessions = [await open_session() for _ in range(3)]
    assert sorted(await asyncio.gather(*(each.add_partition(LATER) for each in sessions))) == [False, False, True]


async def test_streams_go_on_across_the_birth_of_their_partition(store: Any) -> None:
    ids = [_id(NEXT, 1), _id(AFTER, 2), UUID(int=5), UUID(int=(1 << 128) - 9)]
    batch = [an_append(n, events=2) for n in range(4)]
    batch = [each._replace(stream_id=stream_id) for each, stream_id in zip(batch, ids, strict=True)]
    assert await store.append(batch) == [True] * 4

    assert await store.add_partition(LATER) is True
    assert await store.append([each._replace(expected_version=2) for each in batch]) == [True] * 4

    loaded = await store.load(ids)
    assert {(stream_id, *(event.version for event in events)) for stream_id, events in loaded.items()} == {
        (each, 1, 2, 3, 4) for each in ids
    }
    read = await store.read(Position(), limit=99)
    assert names(read) == [(each, version) for half in ((1, 2), (3, 4)) for each in ids for version in half]
