"""The file: JSON a line, a stream a line, each with the SHA-256 of its text; the last line has that of all of them. Pure.

    {"queuebit_history": 1, "exported_at": …, "selection": …}
    {"sha256": …, "stream": {"stream_id": …, "tenant": …, "events": [{"version": 1, "type": …, "data": {…}}, …]}}
    {"end": {"streams": 1, "events": 7, "sha256": …}}

The data of an event stand there byte for byte as they are stored; where they hold a line break, as a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from queuebit_operations.errors import BadArgument
from queuebit_operations.scan.port import Stream

FORMAT = 1
_PREFIX = b'{"sha256":"'
_INFIX = b'","stream":'
_DIGEST_LENGTH = 64


class FileHead(msgspec.Struct, frozen=True):
    """What a file says of itself."""

    queuebit_history: int
    exported_at: datetime
    selection: str


class FileEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as the file has it."""

    version: int
    id: UUID
    type: str
    schema_version: int
    time: datetime
    recorded_at: datetime
    causation_id: UUID | None = None
    traceparent: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    data_text: str | None = None

    @property
    def text(self) -> str:
        """The data as they were stored."""
        return bytes(self.data).decode() if self.data_text is None else self.data_text


class FileStream(msgspec.Struct, frozen=True):
    """A stream as the file has it."""

    stream_id: UUID
    tenant: str
    category: str
    events: tuple[FileEvent, ...]


class FileEnd(msgspec.Struct, frozen=True):
    """What must have come before the last line."""

    streams: int
    events: int
    sha256: str


class _Last(msgspec.Struct, frozen=True):
    end: FileEnd


_ENCODER = msgspec.json.Encoder()
_HEAD = msgspec.json.Decoder(FileHead)
_STREAM = msgspec.json.Decoder(FileStream)
_LAST = msgspec.json.Decoder(_Last)


@dataclass(slots=True)
class Sums:
    """What has been written or read so far."""

    streams: int = 0
    events: int = 0
    digest: str = ""

    def add(self, digest: str, events: int) -> None:
        self.streams += 1
        self.events += events
        self.digest = hashlib.sha256((self.digest + digest).encode()).hexdigest()


def first_line(exported_at: datetime, selection: str) -> bytes:
    return _ENCODER.encode(FileHead(FORMAT, exported_at, selection)) + b"\n"


def stream_line(stream: Stream, sums: Sums) -> bytes:
    """The line of a stream, which is counted in `sums`. Of a stream without events there is nothing to write."""
    first = stream.events[0]
    events = tuple(
        FileEvent(
            version=each.version,
            id=UUID(int=each.id.int),
            type=each.type,
            schema_version=each.schema_version,
            time=each.time,
            recorded_at=each.recorded_at,
            causation_id=None if each.causation_id is None else UUID(int=each.causation_id.int),
            traceparent=each.traceparent,
            data=msgspec.Raw(b"null" if "\n" in each.data else each.data.encode()),
            data_text=each.data if "\n" in each.data else None,
        )
        for each in stream.events
    )
    body = _ENCODER.encode(FileStream(UUID(int=stream.stream_id.int), first.tenant, first.category, events))
    digest = hashlib.sha256(body).hexdigest()
    sums.add(digest, len(events))
    return b"".join((_PREFIX, digest.encode(), _INFIX, body, b"}\n"))


def last_line(sums: Sums) -> bytes:
    return _ENCODER.encode(_Last(FileEnd(sums.streams, sums.events, sums.digest))) + b"\n"


def read_head(lines: Iterator[bytes]) -> FileHead:
    """The first line. Raises BadArgument for what is no such file, or one of a later format."""
    try:
        head = _HEAD.decode(next(lines, b""))
    except msgspec.MsgspecError:
        raise BadArgument(
            "This is not a history of Queuebit.", remedy="Name a file that `queuebit ops export` wrote."
        ) from None
    if head.queuebit_history != FORMAT:
        raise BadArgument(
            f"The history is of format {head.queuebit_history}, this version reads {FORMAT}.",
            remedy="Use a newer version of queuebit-operations.",
        )
    return head


def read_streams(lines: Iterable[bytes]) -> Iterator[FileStream]:
    """The streams behind the first line, each checked. Raises BadArgument, which names the line, where a byte is not as it was
    written, and at the end where something is missing.
    """
    sums = Sums()
    end: FileEnd | None = None
    number = 1
    for number, line in enumerate(lines, start=2):
        if end is not None:
            raise _damaged(number, "something follows the end")
        if line.startswith(b'{"end":'):
            end = _end_of(line, number)
            continue
        digest, body = _parted(line, number)
        if hashlib.sha256(body).hexdigest() != digest:
            raise _damaged(number, "its checksum differs")
        stream = _decoded(body, number)
        sums.add(digest, len(stream.events))
        yield stream
    if end is None:
        raise _damaged(number, "the file ends here, before its end")
    if (sums.streams, sums.events, sums.digest) != (end.streams, end.events, end.sha256):
        raise _damaged(number, f"{end.streams} streams were written, {sums.streams} are here")


def _end_of(line: bytes, number: int) -> FileEnd:
    try:
        return _LAST.decode(line).end
    except msgspec.MsgspecError:
        raise _damaged(number, "its last line cannot be read") from None


def _parted(line: bytes, number: int) -> tuple[str, bytes]:
    at = len(_PREFIX) + _DIGEST_LENGTH
    line = line.rstrip(b"\n")
    if not (line.startswith(_PREFIX) and line[at:].startswith(_INFIX) and line.endswith(b"}")):
        raise _damaged(number, "it is no stream")
    return line[len(_PREFIX) : at].decode(errors="replace"), line[at + len(_INFIX) : -1]


def _decoded(body: bytes, number: int) -> FileStream:
    try:
        return _STREAM.decode(body)
    except msgspec.MsgspecError as error:
        raise _damaged(number, f"it cannot be read: {error}") from None


def _damaged(line: int, what: str) -> BadArgument:
    return BadArgument(f"The history is damaged at line {line}: {what}.", remedy="Export it again, or copy it again.")
