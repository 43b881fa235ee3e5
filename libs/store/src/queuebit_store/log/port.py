"""The log: streams of events, appended with the version they expect, and an ordered read over all of them.

Guarantees. An append is all or nothing for its stream and succeeds only when the stream is at `expected_version`. One call
appends a whole batch in one transaction; streams of a batch succeed or fail each for itself. An ordered read returns every
committed event exactly once in position order, however commits interleave (position is the pair (xid, seq) read below the
snapshot horizon), and the events of one stream in version order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from queuebit_store.budgets.port import Charge
from queuebit_store.heads.port import Head
from queuebit_store.leadership.port import Lease

PLACE = "null"
"""Stands in the data of an event where its payload belongs."""


class Payload(NamedTuple):
    """A large part of an event's data: the JSON, as UTF-8, that belongs where `PLACE` stands `at` so many characters.

    It is stored once a stream, however many of its events hold it, and before them. Whoever appends it knows that it is JSON.
    """

    at: int
    text: bytes


class NewEvent(NamedTuple):
    """An event to append. `type` is the bare name (`JobQueued`); `data` is its JSON, kept byte for byte, but for the payload
    that belongs in it.
    """

    id: UUID
    type: str
    schema_version: int
    data: str
    time: datetime
    causation_id: UUID | None = None
    traceparent: str | None = None
    payload: Payload | None = None


class Append(NamedTuple):
    """Events for one stream that stands at `expected_version` (0: it does not exist yet), and its head after them.

    `rival_id`: a new stream is not made where this one exists. `charges`: what goes into the ledger of budgets with it.
    """

    stream_id: UUID
    tenant: str
    expected_version: int
    events: tuple[NewEvent, ...]
    head: Head
    category: str = "job"
    rival_id: UUID | None = None
    charges: tuple[Charge, ...] = ()


class Position(NamedTuple):
    """A place in the order over all events. `epoch` changes when a restore resets transaction ids."""

    epoch: int = 0
    xid: int = 0
    seq: int = 0


class StoredEvent(NamedTuple):
    """An event as stored. `epoch`, `xid` and `seq` are its position. With a `payload_hash` its data lacks a payload, where
    `PLACE` stands at `payload_at`.
    """

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
    payload_at: int | None = None
    payload_hash: bytes | None = None

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.xid, self.seq)


class FoldedEvent(NamedTuple):
    """What a fold reads of a stored event, which is whole: it is read for less."""

    stream_id: UUID
    version: int
    type: str
    schema_version: int
    data: str
    time: datetime


class Stories(Protocol):
    """Streams, for whoever folds many of them."""

    async def stories(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[FoldedEvent]]:
        """The events of each stream in version order; a stream that does not exist is absent. An event whose payload is gone
        comes without it.
        """
        ...


class EventLog(Protocol):
    """Append, load, read in order."""

    @property
    def epoch(self) -> int:
        """In which epoch events are appended: part of their ids."""
        ...

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        """Append each; True where it was appended, False where the stream was not at its expected version, or is new and its
        rival exists (nothing written).

        At most one Append a stream in a batch, none without events. One statement, one transaction, and before it short ones
        that store payloads: those of an append that fails then are left over, and do no harm. A stream keeps the tenant and
        category that created it: an append that names others is refused like a wrong version.
        Where its charges do not fit into what an account has left an append does not pass either.
        Raises StoreUnavailable (transient: nothing is known to be written; appending again is safe because of the expected
        version, and where the first try had taken effect it answers False: load the stream and look). Raises InvalidBatch
        (permanent: nothing is written; one bad append refuses the whole batch). The same is unknown after a cancellation.
        """
        ...

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The events of each stream in version order; a stream that does not exist is absent. An event whose payload is gone
        comes without it.
        """
        ...

    async def bytes_of(self, stream_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many bytes `load` would give of each stream, about; a stream that does not exist is absent. Costs little, however
        large they are.
        """
        ...

    async def events_of(
        self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000, tenant: str | None = None
    ) -> list[StoredEvent]:
        """One stream from a version on; with `tenant` nothing of a stream of another."""
        ...

    async def read(
        self, after: Position, *, limit: int, categories: Sequence[str] = ("job",), whole: bool = True
    ) -> list[StoredEvent]:
        """The next events of these categories in order, only those that no open transaction can still precede. Without their
        payloads where not `whole`: ask for those by `fill`.
        """
        ...

    async def fill(self, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """The same events, whole."""
        ...


class TenantPage(NamedTuple):
    """What is one tenant's of a stretch of the log, which ends at `end`; `more` says that the log goes on after it."""

    events: list[StoredEvent]
    end: Position
    more: bool


class TenantLog(Protocol):
    """The log as one tenant may see it."""

    async def log_end(self, categories: Sequence[str] = ("job",)) -> Position:
        """The place of the last event that an ordered read gives now; the very beginning where there is none."""
        ...

    async def read_tenant(
        self, tenant: str, after: Position, *, limit: int, categories: Sequence[str] = ("job",)
    ) -> TenantPage:
        """This tenant's events among the next `limit` events of these categories, whole and in order."""
        ...

    async def archived_after(self, moment: datetime) -> bool:
        """Whether events of this moment or later ones may lie in archives, where no ordered read finds them."""
        ...


class OrderedReaderCursors(Protocol):
    """Where each ordered reader stands, durably."""

    async def load_cursor(self, name: str) -> Position:
        """Where the reader stands; the very beginning for one that never saved."""
        ...

    async def save_cursor(self, name: str, position: Position, lease: Lease | None = None) -> bool:
        """Remember it. The last save counts, forward or back. Under a lease that somebody else has taken since, nothing is
        saved and the answer is False; under one that stands, the save also keeps it for another while.
        """
        ...
