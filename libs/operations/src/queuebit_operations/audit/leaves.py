"""What is hashed of an event: every column that says what happened, as it is stored. What is encrypted stays so."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from queuebit_operations.audit.tree import leaf
from queuebit_store.ports import EventLog, Position, StoredEvent

PAGE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_NUMBERS = struct.Struct(">hqqiiqi")
_LENGTH = struct.Struct(">i")


class Leaf(NamedTuple):
    """An event in the tree: where it stands in the log, when it happened, in which month its stream began, and its hash."""

    position: Position
    at: datetime
    month: str
    hash: bytes


def content_of(event: StoredEvent) -> bytes:
    """The bytes of an event, each part with its length, so that no two events have the same. Of a payload that lies apart its
    hash is part of it.
    """
    numbers = _NUMBERS.pack(
        event.epoch, event.xid, event.seq, event.version, event.schema_version, (event.time - _EPOCH) // _TICK,
        -1 if event.payload_at is None else event.payload_at,
    )  # fmt: skip
    parts = (
        event.stream_id.bytes, event.id.bytes, event.type.encode(), event.tenant.encode(),
        None if event.causation_id is None else event.causation_id.bytes,
        None if event.traceparent is None else event.traceparent.encode(),
        event.payload_hash, event.data.encode(),
    )  # fmt: skip
    return numbers + b"".join(_LENGTH.pack(-1) if each is None else _LENGTH.pack(len(each)) + each for each in parts)


class Content(NamedTuple):
    """What the bytes of an event say of it. `payload_at` and `payload_hash`: of a payload that lies apart."""

    stream_id: UUID
    version: int
    type: str
    data: str
    payload_at: int | None
    payload_hash: bytes | None


def read_content(content: bytes) -> Content:
    """The event that these are the bytes of. Raises ValueError where they are those of none."""
    try:
        *_, version, _, _, payload_at = _NUMBERS.unpack_from(content)
        parts, at = list[bytes | None](), _NUMBERS.size
        while at < len(content):
            (length,) = _LENGTH.unpack_from(content, at)
            at += _LENGTH.size
            parts.append(None if length < 0 else content[at : at + length])
            at += max(0, length)
        stream_id, _, name, _, _, _, payload_hash, data = parts
    except struct.error:
        raise ValueError("these are not the bytes of an event") from None
    if at != len(content) or stream_id is None or name is None or data is None:
        raise ValueError("these are not the bytes of an event")
    apart = None if payload_at < 0 else payload_at
    return Content(UUID(bytes=stream_id), version, name.decode(), data.decode(), apart, payload_hash)


def leaf_of(event: StoredEvent) -> Leaf:
    """The event in the tree."""
    return Leaf(event.position, event.time, month_of(event.stream_id, event.time), leaf(content_of(event)))


def month_of(stream_id: UUID, at: datetime) -> str:
    """The month by which a stream is archived: ids of streams begin with their time."""
    began = _EPOCH + timedelta(milliseconds=stream_id.int >> 80) if stream_id.version in (7, 8) else at
    return f"{began:%Y-%m}"


class Leaves:
    """Reads the log on and on, in order, once."""

    def __init__(self, log: EventLog, categories: Sequence[str], after: Position = Position()) -> None:  # noqa: B008
        self._log = log
        self._categories = categories
        self._after = after
        self._page: list[StoredEvent] = []
        self._ended = False

    async def next(self, until: Position | None = None) -> Leaf | None:
        """The next one, up to a place where one is given; None where there is none. Raises StoreUnavailable."""
        if not self._page and not self._ended:
            self._page = await self._log.read(self._after, limit=PAGE, categories=self._categories, whole=False)
            self._page.reverse()
            self._ended = not self._page
        if not self._page or (until is not None and self._page[-1].position > until):
            return None
        event = self._page.pop()
        self._after = event.position
        return leaf_of(event)

    async def until(self, place: Position) -> list[Leaf]:
        """All up to a place, which is included. Raises StoreUnavailable."""
        found = []
        while (one := await self.next(place)) is not None:
            found.append(one)
        return found
