"""Random batches on the store in memory against the simplest model of it: a list of events a stream."""

from __future__ import annotations

import asyncio
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Position
from tests.contract.store.builders import a_head, an_append, an_id, at

_STREAMS = range(1, 6)


@st.composite
def _appends(draw: st.DrawFn) -> list[tuple[int, int, int, int | None]]:
    """A batch: (stream, how far the expected version is off, events, wake_at)."""
    streams = draw(st.lists(st.sampled_from(_STREAMS), unique=True, max_size=4))
    return [
        (stream, draw(st.sampled_from((0, 0, 0, 1, -1))), draw(st.integers(1, 3)), draw(st.none() | st.integers(0, 9)))
        for stream in streams
    ]


@settings(max_examples=200, deadline=None)
@given(batches=st.lists(_appends(), max_size=12), limit=st.integers(1, 7), now=st.integers(0, 9))
def test_random_batches_agree_with_the_model(
    batches: list[list[tuple[int, int, int, int | None]]], limit: int, now: int
) -> None:
    async def scenario() -> None:
        store = MemoryStore()
        order: list[tuple[UUID, int]] = []
        versions: dict[int, int] = {}
        heads: dict[int, Append] = {}
        for batch in batches:
            asked = [
                an_append(
                    stream,
                    expected=max(0, versions.get(stream, 0) + off),
                    events=events,
                    head=a_head(f"s{stream}", wake_at=None if wake is None else at(wake)),
                )
                for stream, off, events, wake in batch
            ]
            expected = [
                append.expected_version == versions.get(row[0], 0) for append, row in zip(asked, batch, strict=True)
            ]
            assert await store.append(asked) == expected
            for append, (stream, *_), passed in zip(asked, batch, expected, strict=True):
                if passed:
                    order += [(append.stream_id, append.expected_version + n) for n in range(1, len(append.events) + 1)]
                    versions[stream] = append.expected_version + len(append.events)
                    heads[stream] = append

        cursor, seen = Position(), []
        while page := await store.read(cursor, limit=limit):
            seen += [(event.stream_id, event.version) for event in page]
            cursor = page[-1].position
        assert seen == order
        loaded = await store.load([an_id(stream) for stream in _STREAMS])
        assert {key: len(events) for key, events in loaded.items()} == {an_id(n): v for n, v in versions.items()}
        rows = await store.walk_heads(limit=99)
        assert [(row.stream_id, row.version, row.head) for row in rows] == [
            (an_id(n), versions[n], heads[n].head) for n in sorted(versions)
        ]
        timers = sorted((wake, an_id(n)) for n, one in heads.items() if (wake := one.head.wake_at) and wake <= at(now))
        assert await store.due(at(now), limit=99) == [stream_id for _, stream_id in timers]

    asyncio.run(scenario())
