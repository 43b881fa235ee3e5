"""What is large is stored apart, once a stream, and comes back in its place."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_store.errors import InvalidBatch
from queuebit_store.log.payloads import PART_BYTES
from queuebit_store.ports import Append, Payload, Position
from tests.contract.store.builders import a_head, an_append, an_event, an_id

TEXT = '["' + "é" * PART_BYTES + '"]'
"""Two bytes a character, so that pieces end within one."""


def _holding(stream: int, texts: list[str | None], *, expected: int = 0) -> Append:
    """An append whose events hold these texts, between characters of two bytes."""
    events = [
        an_event(n, data='{"é": "é", "statement": null, "more": null}')._replace(
            payload=None if text is None else Payload(24, text.encode())
        )
        for n, text in enumerate(texts)
    ]
    return Append(an_id(stream), "acme", expected, tuple(events), a_head())


def _whole(text: str | None) -> str:
    return '{"é": "é", "statement": ' + (text or "null") + ', "more": null}'


async def test_whoever_reads_gets_whole_events(store: Any) -> None:
    texts = [TEXT, None, "[1]", TEXT]
    assert await store.append([_holding(1, texts), an_append(2)]) == [True, True]

    expected = [_whole(text) for text in texts]
    assert [event.data for event in (await store.load([an_id(1)]))[an_id(1)]] == expected
    assert [event.data for event in await store.events_of(an_id(1), after_version=1)] == expected[1:]
    assert [event.data for event in await store.read(Position(), limit=4)] == expected
    assert (await store.load([an_id(1)]))[an_id(1)] == await store.read(Position(), limit=4)


async def test_an_ordered_reader_may_do_without_and_ask_for_them_later(store: Any) -> None:
    await store.append([_holding(1, [TEXT, None])])

    bare = await store.read(Position(), limit=9, whole=False)

    assert [event.data for event in bare] == [_whole(None), _whole(None)]
    assert [event.payload_at for event in bare] == [24, None]
    assert await store.fill(bare) == await store.read(Position(), limit=9)
    assert await store.fill([]) == []


async def test_who_folds_streams_gets_them_whole(store: Any) -> None:
    await store.append([_holding(1, [TEXT, None]), an_append(2)])
    found = await store.stories([an_id(1), an_id(2), an_id(3)])
    loaded = await store.load([an_id(1), an_id(2)])
    assert {key: [each.data for each in events] for key, events in found.items()} == {
        key: [each.data for each in events] for key, events in loaded.items()
    }
    assert [(each.version, each.type, each.time) for each in found[an_id(1)]] == [
        (each.version, each.type, each.time) for each in loaded[an_id(1)]
    ]


async def test_how_large_streams_are_is_told_without_them(store: Any) -> None:
    await store.append([_holding(1, [TEXT, None, TEXT]), an_append(2)])
    sizes = await store.bytes_of([an_id(1), an_id(2), an_id(3)])
    loaded = await store.load([an_id(1), an_id(2)])
    whole = {key: sum(len(each.data.encode()) for each in events) for key, events in loaded.items()}
    assert sizes.keys() == whole.keys()
    assert all(abs(sizes[key] - size) < 100 for key, size in whole.items())


async def test_projections_do_without_but_where_data_are_to_be_upcast(store: Any) -> None:
    """Facts of today need no payload; those of another version are read by way of the whole event."""
    await store.append([_holding(1, [TEXT, None])])
    name = (await store.read(Position(), limit=1))[0].type

    async def page(types: dict[str, int]) -> list[str]:
        found = await store.read_page(Position(), limit=9, categories=("job",), types=types)
        return [event.data for event in found.events]

    assert await page({name: 1}) == [_whole(None), _whole(None)]
    assert await page({name: 2}) == [_whole(TEXT), _whole(None)]
    assert await page({"Another": 2}) == []


async def test_an_append_that_comes_too_late_changes_nothing(store: Any) -> None:
    await store.append([_holding(1, [TEXT])])

    assert await store.append([_holding(1, ["[2]"])]) == [False]
    assert await store.append([_holding(1, [TEXT], expected=1)]) == [True]

    assert [event.data for event in await store.read(Position(), limit=9)] == [_whole(TEXT)] * 2


async def test_text_that_is_no_json_around_a_payload_is_refused(store: Any) -> None:
    (event,) = _holding(1, [TEXT]).events
    bad = _holding(1, [TEXT])._replace(events=(event._replace(data='{"é": "é", "statement": null'),))

    with pytest.raises(InvalidBatch):
        await store.append([bad])

    assert await store.load([an_id(1)]) == {}
