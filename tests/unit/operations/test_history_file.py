"""The file of a history: what is written is read, and no damage goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_operations.errors import BadArgument
from queuebit_operations.scan.port import Stream
from queuebit_operations.transfer.file import (
    FileStream,
    Sums,
    first_line,
    last_line,
    read_head,
    read_streams,
    stream_line,
)
from queuebit_operations.transfer.importing import Imported, import_streams
from queuebit_store.memory import MemoryStore
from tests.builders import NOW
from tests.fakes.histories import as_rows, tell_jobs


async def streams(count: int = 3) -> list[Stream]:
    store = MemoryStore()
    loaded = await store.load(await tell_jobs(store, range(count)))
    return [Stream(stream_id, None, as_rows(events)) for stream_id, events in loaded.items()]


def written(some: Sequence[Stream]) -> bytes:
    sums = Sums()
    lines = [first_line(NOW, "everything"), *(stream_line(each, sums) for each in some)]
    return b"".join([*lines, last_line(sums)])


def read(content: bytes) -> list[FileStream]:
    lines: Iterator[bytes] = iter(content.splitlines(keepends=True))
    read_head(lines)
    return list(read_streams(lines))


async def imported(content: bytes, store: MemoryStore) -> Imported:
    return await import_streams(read(content), store, on_progress=lambda _: None)


async def test_what_is_written_is_read_byte_for_byte() -> None:
    some = await streams()
    odd = some[0].events[0]._replace(data='{"request":\n {"a" : 1.50}}')
    some = [Stream(some[0].stream_id, None, [odd, *some[0].events[1:]]), *some[1:]]

    found = read(written(some))

    assert [[event.text for event in stream.events] for stream in found] == [
        [event.data for event in stream.events] for stream in some
    ]
    assert [(stream.stream_id, stream.tenant) for stream in found] == [(each.stream_id, "acme") for each in some]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    content = bytearray(written(await streams(2)))
    head = content.index(b"\n") + 1
    place = data.draw(st.integers(head, len(content) - 2))
    content[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises(BadArgument, match="damaged"):
        read(bytes(content))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
async def test_no_missing_end_goes_unnoticed(data: st.DataObject) -> None:
    content = written(await streams(2))
    head = content.index(b"\n") + 1

    with pytest.raises(BadArgument, match="damaged"):
        read(content[: data.draw(st.integers(head, len(content) - 2))])


async def test_a_missing_line_goes_not_unnoticed() -> None:
    lines = written(await streams(3)).splitlines(keepends=True)

    with pytest.raises(BadArgument, match="3 streams were written, 2 are here"):
        read(b"".join([*lines[:2], *lines[3:]]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a history"),
        (b'{"problem": {}}\n', "not a history"),
        (b'{"queuebit_history":2,"exported_at":"2026-01-02T03:04:05Z","selection":""}\n', "of format 2"),
    ],
    ids=["nothing", "something else", "a later format"],
)
def test_what_is_no_history_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadArgument, match=said):
        read(content)


async def test_twice_is_as_once_and_what_was_cut_short_goes_on() -> None:
    some = await streams(3)
    store = MemoryStore()
    shorter = [Stream(some[0].stream_id, None, some[0].events[:4])]

    cut = await imported(written(shorter), store)
    whole, again = await imported(written(some), store), await imported(written(some), store)

    assert [(each.streams, each.events, each.present, each.refused) for each in (cut, whole, again)] == [
        (1, 4, 0, None),
        (3, 3 + 2 * 7, 0, None),
        (0, 0, 3, None),
    ]
    loaded = await store.load([each.stream_id for each in some])
    assert {stream_id: [event.data for event in events] for stream_id, events in loaded.items()} == {
        each.stream_id: [event.data for event in each.events] for each in some
    }


async def test_other_events_under_the_same_id_are_never_touched() -> None:
    some = await streams(1)
    store = MemoryStore()
    await imported(written(some), store)
    other = [event._replace(id=UUID(int=event.id.int ^ 1)) for event in some[0].events]
    longer = [*other, other[-1]._replace(version=8)]

    report = await imported(written([Stream(some[0].stream_id, None, longer)]), store)

    assert report == Imported(0, 0, 0, [(str(some[0].stream_id), "other events stand there under this id")])
    assert len((await store.load([some[0].stream_id]))[some[0].stream_id]) == 7


async def test_what_this_version_cannot_fold_is_refused_and_the_rest_is_not() -> None:
    some = await streams(2)
    bent = Stream(some[0].stream_id, None, [some[0].events[0]._replace(type="JobVanished"), *some[0].events[1:]])

    report = await imported(written([bent, some[1]]), MemoryStore())

    assert (report.streams, [job_id for job_id, _ in report.refused or ()]) == (1, [str(some[0].stream_id)])


async def test_what_operators_did_is_no_job_and_left_out() -> None:
    """Given a file of a release that exported all that there was, then its jobs are imported, and nothing is refused."""
    some = await streams(2)
    hold = Stream(some[0].stream_id, None, [some[0].events[0]._replace(category="hold")])

    report = await imported(written([hold, some[1]]), MemoryStore())

    assert (report.streams, report.left_out, report.refused) == (1, 1, None)
