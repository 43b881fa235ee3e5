"""What the search for erased data found: place by place, with what was looked at, and what was not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.sealed import token_of
from queuebit_operations.erasing.store import StoreSearch
from queuebit_operations.records.port import Place, Records, Span

CHUNK_BYTES, BORDER_BYTES = 1 << 20, 1024
"""No text that is looked for is longer than a border: 200 characters of four bytes at most."""
HOLDERS = ("statement", "answer", "hint")
"""The fields of events that hold what a subject said or was told; what a command says that undoes a job is another."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One place: how many items were looked at, and how many hold plain data."""

    place: str
    items: int
    found: int


@dataclass(slots=True)
class Proof:
    """All of it. `in_clear`: events of the subject's jobs that hold what should be sealed."""

    looked: list[Looked] = field(default_factory=list)
    not_looked: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.in_clear and all(each.found == 0 for each in self.looked)


class OffsetsAt(Records, Protocol):
    """Reads topics from a moment on."""

    async def offsets_at(self, places: list[Place], at: datetime) -> dict[Place, int]: ...


async def search_store(search: StoreSearch, texts: Sequence[str]) -> AsyncIterator[Looked]:
    """Every table."""
    for table in await search.tables():
        rows, found = await search.look(table, texts)
        yield Looked(f"table {table}", rows, found)


async def search_topics(records: OffsetsAt, texts: Sequence[str], since: datetime) -> AsyncIterator[Looked]:
    """Every topic, dead letters too, from the moment on; those without a record are told of as well."""
    wanted = pattern_of(texts)
    spans = await records.spans(list(BY_TOPIC))
    begins = await records.offsets_at(list(spans), since)
    later = {place: Span(max(span.begin, begins.get(place, span.begin)), span.end) for place, span in spans.items()}
    counts: dict[str, list[int]] = {place.topic: [0, 0] for place in spans}
    async for batch in records.read(later):
        for record in batch:
            count = counts[record.topic]
            count[0] += 1
            said = (record.value or b"", record.key or b"", *(value or b"" for _, value in record.headers))
            count[1] += any(wanted.search(each) for each in said)
    for topic, (items, found) in sorted(counts.items()):
        yield Looked(f"topic {topic}", items, found)


def search_files(kind: str, folder: Path, texts: Sequence[str]) -> Looked:
    """Every file below a folder."""
    wanted = pattern_of(texts)
    items = found = 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        items += 1
        found += _holds(path, wanted)
    return Looked(f"{kind} {folder}", items, found)


def in_clear(events: Iterable[tuple[UUID, int, str, Mapping[str, Any]]]) -> list[str]:
    """The events that hold a statement, an answer or a hint that is not sealed."""
    return [
        f"{name} {stream_id} v{version}"
        for stream_id, version, name, data in events
        if any(token_of(held) is None for held in held_in(data))
    ]


def pattern_of(texts: Sequence[str]) -> re.Pattern[bytes]:
    """Any of the texts; nothing where there is none."""
    return re.compile(b"|".join(re.escape(each.encode()) for each in texts) if texts else rb"(?!)")


def held_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """The statements, answers and hints in the data of an event, and what its commands say."""
    match value:
        case dict():
            for name, each in value.items():
                is_command = name == "data" and "command" in value and each
                if (name in HOLDERS or is_command) and isinstance(each, dict):
                    yield each
                else:
                    yield from held_in(each)
        case list():
            for each in value:
                yield from held_in(each)
        case _:
            return


def _holds(path: Path, wanted: re.Pattern[bytes]) -> bool:
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if wanted.search(before + chunk):
                return True
            before = chunk[-BORDER_BYTES:]
    return False
