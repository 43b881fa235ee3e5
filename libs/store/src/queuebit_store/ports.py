"""The event store port: streams of events, their heads, an ordered read over all of them, and what must be as durable.

Guarantees. An append is all or nothing for its stream and succeeds only when the stream is at `expected_version`. One call
appends a whole batch in one transaction; streams of a batch succeed or fail each for itself. An ordered read returns every
committed event exactly once in position order, however commits interleave (position is the pair (xid, seq) read below the
snapshot horizon), and the events of one stream in version order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from queuebit_store.leadership import Lease


class NewEvent(NamedTuple):
    """An event to append. `type` is the bare name (`JobQueued`); `data` is its JSON, kept byte for byte."""

    id: UUID
    type: str
    schema_version: int
    data: str
    time: datetime
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a stream without its events: for lists and timers. Always derivable by folding the events.

    `wake_at`: the moment at which somebody must look at the stream again, or None.
    """

    state: str
    kind: str
    tier: str
    lane: str
    fingerprint: str
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class Append:
    """Events for one stream that stands at `expected_version` (0: it does not exist yet), and its head after them.

    `rival_id`: a new stream is not made where this one exists.
    """

    stream_id: UUID
    tenant: str
    expected_version: int
    events: tuple[NewEvent, ...]
    head: Head
    category: str = "job"
    environment: str = "default"
    rival_id: UUID | None = None


class Position(NamedTuple):
    """A place in the order over all events. `epoch` changes when a restore resets transaction ids."""

    epoch: int = 0
    xid: int = 0
    seq: int = 0


class StoredEvent(NamedTuple):
    """An event as stored. `epoch`, `xid` and `seq` are its position."""

    epoch: int
    xid: int
    seq: int
    stream_id: UUID
    version: int
    id: UUID
    type: str
    schema_version: int
    data: str
    time: datetime
    tenant: str
    causation_id: UUID | None
    traceparent: str | None

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.xid, self.seq)


class Place(NamedTuple):
    """Where a stream stands in lists: by the time of its first event, and among those of the same time by its id."""

    created_at: datetime
    stream_id: UUID


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream's head as stored. `created_at` is the time of its first event, `updated_at` that of its last."""

    stream_id: UUID
    tenant: str
    version: int
    head: Head
    created_at: datetime
    updated_at: datetime
    category: str = "job"
    environment: str = "default"

    @property
    def place(self) -> Place:
        return Place(self.created_at, self.stream_id)


@dataclass(frozen=True, slots=True)
class StreamFilter:
    """Which streams of a tenant to list, newest first. The page starts after the place `before`.

    An empty tuple means any. `created_from` is inclusive, `created_to` exclusive.
    """

    tenant: str
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    before: Place | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    category: str = "job"
    environment: str = "default"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An idempotency key held by a tenant: the stream it stands for, and the fingerprint of the request that took it.

    `question` is what its holder wants to know of the request while the stream has no events.
    """

    tenant: str
    key: str
    stream_id: UUID
    fingerprint: str
    created_at: datetime
    question: str | None = None


class StreamStore(Protocol):
    """Append, load, list, read in order."""

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        """Append each; True where it was appended, False where the stream was not at its expected version, or is new and its
        rival exists (nothing written).

        At most one Append a stream in a batch, none without events. One statement, one transaction. A stream keeps the
        tenant, category and environment that created it: an append that names others is refused like a wrong version.
        Raises StoreUnavailable (transient: nothing is known to be written; appending again is safe because of the expected
        version, and where the first try had taken effect it answers False: load the stream and look). Raises InvalidBatch
        (permanent: nothing is written; one bad append refuses the whole batch). The same is unknown after a cancellation.
        """
        ...

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The events of each stream in version order; a stream that does not exist is absent."""
        ...

    async def events_of(self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000) -> list[StoredEvent]:
        """One stream from a version on."""
        ...

    async def heads(self, stream_ids: Sequence[UUID]) -> dict[UUID, StreamRow]:
        """The head of each stream; a stream that does not exist is absent."""
        ...

    async def list_heads(self, wanted: StreamFilter, *, limit: int) -> list[StreamRow]:
        """A page of heads, newest first, by their places. Empty at the end.

        Pages that follow one another skip nothing that was there when the first was read, and repeat nothing.
        """
        ...

    async def walk_heads(
        self, after: UUID | None = None, *, limit: int, category: str = "job", environment: str = "default"
    ) -> list[StreamRow]:
        """Heads over all tenants in the order of their ids, after one. Empty at the end."""
        ...

    async def due(self, now: datetime, *, limit: int) -> list[UUID]:
        """Streams whose `wake_at` has come, earliest first."""
        ...

    async def read(self, after: Position, *, limit: int, category: str = "job") -> list[StoredEvent]:
        """The next events in order, only those that no open transaction can still precede."""
        ...

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        """Hold each (tenant, key) for its stream, first come first served; returns what holds now, in the order asked.

        Raises StoreUnavailable (transient; asking again is safe), or InvalidBatch (permanent: nothing is held; one key that
        cannot be stored refuses the whole batch).
        """
        ...

    async def holder(self, tenant: str, key: str) -> Reservation | None:
        """What holds a key, without taking it. Raises InvalidBatch for a key that cannot be stored."""
        ...

    async def held_for(self, stream_id: UUID) -> Reservation | None:
        """The key that stands for a stream; None where none is held for it."""
        ...

    async def rewrite_heads(self, rows: Sequence[tuple[UUID, int, Head]]) -> int:
        """Replace heads by what folding gives, where the version still matches; returns how many were replaced."""
        ...


class Cursors(Protocol):
    """Where each ordered reader stands, durably."""

    async def load_cursor(self, name: str) -> Position:
        """Where the reader stands; the very beginning for one that never saved."""
        ...

    async def save_cursor(self, name: str, position: Position, lease: Lease | None = None) -> bool:
        """Remember it. The last save counts, forward or back. Under a lease that somebody else has taken since, nothing is
        saved and the answer is False; under one that stands, the save also keeps it for another while.
        """
        ...


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key as stored: never the secret, only its keyed hash (HMAC-SHA256 under the server's pepper)."""

    key_id: str
    tenant: str
    role: str
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Directory(Protocol):
    """Tenants and their API keys."""

    async def known_tenants(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the names that are tenants."""
        ...

    async def add_tenant(self, tenant: str, now: datetime) -> None:
        """Register a tenant; one that is registered stays as it is."""
        ...

    async def find_keys(self, key_ids: Sequence[str]) -> dict[str, ApiKeyRow]:
        """The keys by their ids, also those that are expired or revoked; ids that no key has are left out."""
        ...

    async def add_key(self, row: ApiKeyRow) -> None:
        """Store a key. Raises AlreadyExists or UnknownTenant."""
        ...

    async def list_keys(self, tenant: str | None = None) -> list[ApiKeyRow]:
        """All keys, or those of one tenant, the oldest first; also those that are expired or revoked."""
        ...

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        """Revoke a key; False where there is none or it is revoked already."""
        ...
