"""What a service sees of the store: the ports of its rooms, and the three that always go together."""

from __future__ import annotations

from typing import Protocol

from queuebit_store.directory.port import ApiKeyRow, Directory
from queuebit_store.heads.port import FIRST_LINE, Head, Heads, Line, Place, StreamFilter, StreamRow
from queuebit_store.idempotency.port import Idempotency, Reservation
from queuebit_store.log.port import (
    Append,
    EventLog,
    NewEvent,
    OrderedReaderCursors,
    Payload,
    Position,
    StoredEvent,
    TenantLog,
    TenantPage,
)

__all__ = [
    "ApiKeyRow",
    "Append",
    "OrderedReaderCursors",
    "Directory",
    "EventLog",
    "Head",
    "Heads",
    "Idempotency",
    "NewEvent",
    "Payload",
    "FIRST_LINE",
    "Line",
    "Place",
    "Position",
    "Reservation",
    "StoredEvent",
    "StreamFilter",
    "StreamRow",
    "StreamStore",
    "TenantLog",
    "TenantPage",
]


class StreamStore(EventLog, Heads, Idempotency, Protocol):
    """Streams, their heads, and the keys that stand for them."""
