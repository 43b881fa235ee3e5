"""Months that lie in files: are the files what was written, and do their streams hold by themselves as live ones do?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from uuid import UUID

from queuebit_operations.archiving.manifest import read_manifest
from queuebit_operations.archiving.store import OUT, Noted
from queuebit_operations.archiving.tables import TABLES, read_table
from queuebit_operations.errors import BadArgument
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.streams import examine
from queuebit_store.heads.columns import stream_row
from queuebit_store.partitions.port import Partition
from queuebit_store.ports import StreamRow

_HEAD = ("stream_id", "tenant", "version", "state", "wake_at", "attributes", "created_at", "updated_at", "category")


class Gone:
    """The streams that are not in the log any more, as their months are out of it."""

    def __init__(self, archives: Sequence[Noted]) -> None:
        months = [Partition(each.name, each.since, each.until) for each in archives if each.state in OUT]
        self._ranges = [(month.from_id, month.until_id) for month in months]

    def has(self, subject: bytes) -> bool:
        """Whether a job of that id is out."""
        if not self._ranges:
            return False
        try:
            stream_id = UUID(subject.decode())
        except ValueError:
            return False
        return any(low <= stream_id < high for low, high in self._ranges)


def check_archive(noted: Noted, folder: Path, count: Callable[[int], None]) -> Iterator[Finding]:
    """What is wrong with an archive. `count`: told of the events that were looked at."""
    try:
        manifest = read_manifest(folder)
    except BadArgument as error:
        yield Finding("archive_differs", noted.name, str(error))
        return
    if manifest.digest != noted.digest:
        yield Finding("archive_differs", noted.name, f"{folder} is another archive than the one that was taken out")
        return
    if (manifest.rows("events"), manifest.rows("streams")) != (noted.events, noted.streams):
        yield Finding(
            "archive_differs", noted.name, f"it has {manifest.rows('events')} events, {noted.events} were taken out"
        )
    for stream in _streams(folder):
        yield from examine(stream).findings
        count(len(stream.events))


def _streams(folder: Path) -> Iterator[Stream]:
    """Heads and events side by side: both files are in the order of the ids."""
    heads = _heads(folder)
    events = _events(folder)
    head = next(heads, None)
    for stream_id, some in groupby(events, key=attrgetter("stream_id")):
        while head is not None and head.stream_id < stream_id:
            yield Stream(head.stream_id, head, ())
            head = next(heads, None)
        mine = head if head is not None and head.stream_id == stream_id else None
        yield Stream(stream_id, mine, tuple(some))
        head = next(heads, None) if mine is not None else head
    while head is not None:
        yield Stream(head.stream_id, head, ())
        head = next(heads, None)


def _events(folder: Path) -> Iterator[EventRow]:
    columns = list(TABLES["events"])
    places = [columns.index("event_id" if name == "id" else name) for name in EventRow._fields]
    for rows in read_table(folder / "events.parquet", "events"):
        yield from (EventRow._make([row[place] for place in places]) for row in rows)


def _heads(folder: Path) -> Iterator[StreamRow]:
    places = [list(TABLES["streams"]).index(name) for name in _HEAD]
    for rows in read_table(folder / "streams.parquet", "streams"):
        yield from (stream_row([row[place] for place in places]) for row in rows)
