"""What an operator reads of the store: whole streams with their heads, also where one has lost the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from queuebit_store.ports import Position, Reservation, StreamRow


class EventRow(NamedTuple):
    """An event with every column. The first ones are those of a StoredEvent."""

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
    category: str
    recorded_at: datetime

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.xid, self.seq)


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream as it was at one moment: its head, if there is one, and its events in version order."""

    stream_id: UUID
    head: StreamRow | None
    events: Sequence[EventRow]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which streams. An empty tuple means any; a stream is in where it has an event of one of the types, and one in the time.

    `since` is inclusive, `until` exclusive.
    """

    jobs: tuple[UUID, ...] = ()
    tenants: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def everything(self) -> bool:
        return self == Selection()

    def includes(self, stream: Stream) -> bool:
        """Whether a stream is selected."""
        head = stream.head
        tenant = head.tenant if head is not None else next((event.tenant for event in stream.events), "")
        first, last = (stream.events[0].time, stream.events[-1].time) if stream.events else (None, None)
        return (
            (not self.jobs or stream.stream_id in self.jobs)
            and (not self.tenants or tenant in self.tenants)
            and (not self.types or any(event.type in self.types for event in stream.events))
            and (self.since is None or last is None or last >= self.since)
            and (self.until is None or first is None or first < self.until)
        )

    def words(self) -> str:
        """The selection for people."""
        parts = [
            f"{name} {', '.join(map(str, some))}"
            for name, some in (("job", self.jobs), ("tenant", self.tenants), ("type", self.types))
            if some
        ]
        parts += [f"since {self.since.isoformat()}"] if self.since else []
        parts += [f"until {self.until.isoformat()}"] if self.until else []
        return "; ".join(parts) or "everything"


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the store stands: cursors, the newest position, the era, and the first transaction id that is not given out.
    `copied`: it came back from a dump, and no epoch has begun since.
    """

    cursors: Mapping[str, Position]
    newest: Position
    epoch: int
    next_xid: int
    copied: bool = False


class LeaseState(NamedTuple):
    """Who has a name, whether still, and since how many seconds."""

    name: str
    holder: str
    held: bool
    for_s: float


class LedgerRow(NamedTuple):
    """One round of one attempt at a provider."""

    key: UUID
    attempt_id: UUID
    round: int
    state: str
    created_at: datetime
    due_at: datetime | None = None


class AttemptRow(NamedTuple):
    """An attempt that is kept: when somebody has to look at it again, None where it has ended."""

    attempt_id: UUID
    created_at: datetime
    due_at: datetime | None


class GateRow(NamedTuple):
    """A backend that is not asked, and until when."""

    backend: str
    failures: int
    open_until: datetime


class Scan(Protocol):
    """Reads in pages, each of one moment. Bounded in memory; holds no lock, and no transaction longer than a page."""

    def streams(self, selection: Selection, *, page_events: int = ...) -> AsyncIterator[list[Stream]]:
        """The selected streams in the order of their ids, those without a head or without events too."""
        ...

    def some_streams(self, wanted: Callable[[UUID], bool], *, page_events: int = ...) -> AsyncIterator[list[Stream]]:
        """Of all streams those whose id is wanted. Of the others nothing but the id is read."""
        ...

    async def count(self, selection: Selection) -> tuple[int, int]:
        """How many streams and events the selection has, now."""
        ...

    async def marks(self) -> Marks:
        """Where the store stands now."""
        ...

    async def leases(self) -> list[LeaseState]:
        """Who leads."""
        ...

    async def event_id(self, stream_id: UUID, version: int) -> UUID | None:
        """The id under which a version of a stream is stored; None where it is not."""
        ...

    def ledger(self, *, page: int = ...) -> AsyncIterator[list[LedgerRow]]:
        """Everything that was handed in at providers."""
        ...

    def attempts(self, *, page: int = ...) -> AsyncIterator[list[AttemptRow]]:
        """Every attempt that is kept because its circuits wait at a provider."""
        ...

    async def gates(self) -> list[GateRow]:
        """The backends that are not asked."""
        ...

    def reservations(self, *, page: int = ...) -> AsyncIterator[list[Reservation]]:
        """Every idempotency key that is held."""
        ...
