"""A history into a store: whole streams, once, and as often as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from queuebit_contracts.errors import ContractError
from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import fold
from queuebit_domain.job.summary import summary_of
from queuebit_operations.transfer.file import FileEvent, FileStream
from queuebit_store.ports import Append, EventLog, Head, Heads, NewEvent, StoredEvent

BATCH_EVENTS = 1000


class ImportStore(EventLog, Heads, Protocol):
    """What an import writes to."""


@dataclass(slots=True)
class Imported:
    """What became of the streams of a file. `present` were there already; `refused` stand for something else there, or cannot
    be folded by this version; `left_out` are no jobs, but what operators did where they come from.
    """

    streams: int = 0
    events: int = 0
    present: int = 0
    refused: list[tuple[str, str]] | None = None
    left_out: int = 0

    def refuse(self, stream_id: UUID, why: str) -> None:
        self.refused = [*(self.refused or ()), (str(stream_id), why)]


async def import_streams(
    streams: Iterable[FileStream], store: ImportStore | None, *, on_progress: Callable[[Imported], None]
) -> Imported:
    """Append each stream that is not there. Done twice it is as done once, and one that was killed goes on. Without a store it
    only looks whether this version can fold them. Raises what the file and the store raise.
    """
    report = Imported()
    for batch in _batched(_jobs_in(streams, report)):
        foldable = [each for each in batch if _head_of(each, report) is not None]
        if store is None:
            report.streams += len(foldable)
            report.events += sum(len(each.events) for each in foldable)
        else:
            await _append(foldable, store, report)
        on_progress(report)
    return report


def _jobs_in(streams: Iterable[FileStream], report: Imported) -> Iterator[FileStream]:
    """Those of jobs. Earlier releases exported all that there was."""
    for stream in streams:
        if stream.category in PUBLISHED:
            yield stream
        else:
            report.left_out += 1


def _batched(streams: Iterable[FileStream]) -> Iterator[list[FileStream]]:
    batch: list[FileStream] = []
    size = 0
    for stream in streams:
        batch.append(stream)
        size += len(stream.events)
        if size >= BATCH_EVENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _append(batch: Sequence[FileStream], store: ImportStore, report: Imported) -> None:
    there = await store.load([each.stream_id for each in batch])
    appends: list[Append] = []
    for stream in batch:
        present = there.get(stream.stream_id, [])
        if any(_differ(*pair) for pair in zip(stream.events, present, strict=False)):
            report.refuse(stream.stream_id, "other events stand there under this id")
        elif len(present) >= len(stream.events):
            report.present += 1
        else:
            head = _head_of(stream, report)
            assert head is not None
            appends.append(_append_of(stream, head, len(present)))
    for append, passed in zip(appends, await store.append(appends), strict=True):
        if passed:
            report.streams += 1
            report.events += len(append.events)
        else:
            report.refuse(
                append.stream_id, "somebody else wrote to it meanwhile, or it belongs to another tenant there"
            )


def _differ(written: FileEvent, present: StoredEvent) -> bool:
    return (written.id, written.type, written.text) != (present.id, present.type, present.data)


def _append_of(stream: FileStream, head: Head, present: int) -> Append:
    return Append(
        stream.stream_id,
        stream.tenant,
        present,
        tuple(
            NewEvent(each.id, each.type, each.schema_version, each.text, each.time, each.causation_id, each.traceparent)
            for each in stream.events[present:]
        ),
        head,
        stream.category,
    )


def _head_of(stream: FileStream, report: Imported) -> Head | None:
    """The head as this version folds it; None, and it is noted, where it cannot."""
    try:
        return Head(*summary_of(fold(_stored(stream))))
    except (CorruptStream, ContractError) as error:
        report.refuse(stream.stream_id, f"it cannot be folded: {error}"[:300])
        return None


def _stored(stream: FileStream) -> list[StoredEvent]:
    return [
        StoredEvent(
            0, 0, 0, stream.stream_id, each.version, each.id, each.type, each.schema_version, each.text, each.time,
            stream.tenant, each.causation_id, each.traceparent,
        )
        for each in stream.events
    ]  # fmt: skip
