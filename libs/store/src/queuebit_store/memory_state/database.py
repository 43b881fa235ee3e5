"""What the store in memory keeps where PostgreSQL has its disk."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from queuebit_store.attempts.port import KeptAttempt, Use
from queuebit_store.audit.port import Deed
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.budgets.port import AccountRow as BudgetAccount
from queuebit_store.budgets.port import Budget, Entry, OpenReservation, PriceRow
from queuebit_store.directory.port import ApiKeyRow
from queuebit_store.evidence.port import Piece
from queuebit_store.gates.port import Gate, KillSwitch
from queuebit_store.heads.port import Place, StreamRow
from queuebit_store.idempotency.port import Reservation
from queuebit_store.keys.port import SubjectKey, TenantSecret
from queuebit_store.log.payloads import hash_of, whole_event
from queuebit_store.log.port import Append, NewEvent, Position, StoredEvent
from queuebit_store.partitions.port import Partition
from queuebit_store.projections.port import Build, Key, Row
from queuebit_store.submissions.port import Note, Submission
from queuebit_store.webhooks.port import Delivery, Endpoint


def log_key(position: Position) -> tuple[int, int, int]:
    """A position as what sorts fastest."""
    return position.epoch, position.xid, position.seq


@dataclass(slots=True)
class CategoryLog:
    """The events of one category in position order."""

    keys: list[tuple[int, int, int]] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    recorded_s: list[float] = field(default_factory=list)

    def add(self, event: StoredEvent, recorded_s: float) -> None:
        key = log_key(event.position)
        at = bisect_right(self.keys, key)
        self.keys.insert(at, key)
        self.events.insert(at, event)
        self.recorded_s.insert(at, recorded_s)


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who holds a name, and until when on the database's clock."""

    holder: str
    token: int
    expires_at_s: float


@dataclass(slots=True)
class AccountRow:
    """Who holds a place of an account, when places were taken, until when there is none."""

    holders: list[UUID] = field(default_factory=list)
    taken_s: list[float] = field(default_factory=list)
    closed_until_s: float = float("-inf")


@dataclass(slots=True)
class DeliveryRow:
    """A delivery, and until when somebody works on it."""

    delivery: Delivery
    lease_until: datetime | None = None


class MemoryDatabase:
    """Everything stored. Shared by the sessions on it. `now_s` is its clock, in seconds that only grow."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self.streams: dict[UUID, StreamRow] = {}
        self.events: dict[UUID, list[StoredEvent]] = {}
        self.bare: dict[Position, StoredEvent] = {}
        """Events that have a payload, without it."""
        self.logs: dict[str, CategoryLog] = {}
        self.places: list[Place] = []
        self.timers: list[tuple[datetime, UUID]] = []
        self.reservations: dict[tuple[str, str], Reservation] = {}
        self.cursors: dict[str, Position] = {}
        self.tenants: dict[str, datetime] = {}
        self.api_keys: dict[str, ApiKeyRow] = {}
        self.leases: dict[str, LeaseRow] = {}
        self.gates: dict[str, Gate] = {}
        self.kill_switches: dict[int, KillSwitch] = {}
        self.evidence: dict[UUID, list[Piece]] = {}
        self.backends: dict[str, ReportedBackend] = {}
        self.accounts: dict[str, AccountRow] = {}
        self.attempts: dict[UUID, KeptAttempt] = {}
        self.orders: dict[UUID, bytes] = {}
        self.told_as: dict[UUID, bytes] = {}
        self.submissions: dict[UUID, Submission] = {}
        self.charges: dict[UUID, datetime] = {}
        self.counted: dict[UUID, UUID] = {}
        self.told_late: dict[UUID, Use] = {}
        self.requests: dict[UUID, bytes] = {}
        self.results: dict[UUID, bytes] = {}
        self.submission_notes: dict[UUID, list[Note]] = {}
        self.tenant_secrets: dict[str, TenantSecret] = {}
        self.subject_keys: dict[UUID, SubjectKey] = {}
        self.sealed_jobs: dict[UUID, dict[UUID, None]] = {}
        self.deeds: dict[UUID, Deed] = {}
        self.endpoints: dict[UUID, Endpoint] = {}
        self.deliveries: dict[UUID, DeliveryRow] = {}
        self.budgets: dict[tuple[str, str, str, str], Budget] = {}
        self.budget_accounts: dict[str, BudgetAccount] = {}
        self.budget_entries: dict[UUID, Entry] = {}
        self.budget_holds: dict[tuple[UUID, str], OpenReservation] = {}
        self.prices: dict[str, PriceRow] = {}
        self.partitions: list[Partition] = []
        self.builds: dict[str, Build] = {}
        self.projected: dict[str, dict[Key, Row]] = {}
        """The rows of each build."""
        self.epoch = 1
        self.next_xid = 1
        self.next_seq = 1
        self.open_xids: dict[int, float] = {}
        """Transactions that have not ended, and when each began."""

    @contextmanager
    def open_transaction(self) -> Iterator[int]:
        """A transaction that has its id and has not ended: no event of a later one is readable in order meanwhile."""
        xid = self.next_xid
        self.next_xid += 1
        self.open_xids[xid] = self.now_s()
        try:
            yield xid
        finally:
            del self.open_xids[xid]

    @property
    def horizon(self) -> int:
        """The smallest transaction id that may still be in progress."""
        return min(self.open_xids, default=self.next_xid)

    def new_epoch(self) -> None:
        """What a logical restore does: transaction ids start again, in the next epoch."""
        self.epoch += 1
        self.next_xid = 1

    def fits(self, append: Append) -> bool:
        """Whether the stream stands where the append expects it, and belongs to whom it says."""
        row = self.streams.get(append.stream_id)
        if row is None:
            return append.expected_version == 0 and append.rival_id not in self.streams
        return (append.expected_version, append.tenant, append.category) == (row.version, row.tenant, row.category)

    def write(self, append: Append, xid: int) -> None:
        """Store the events and the head of an append that fits."""
        stored = [self._stored(append, event, xid, i) for i, event in enumerate(append.events, 1)]
        log = self.logs.setdefault(append.category, CategoryLog())
        for event in stored:
            log.add(event, self.now_s())
        self.events.setdefault(append.stream_id, []).extend(stored)
        old = self.streams.get(append.stream_id)
        row = StreamRow(
            stream_id=append.stream_id,
            tenant=append.tenant,
            version=append.expected_version + len(stored),
            head=append.head,
            created_at=old.created_at if old else append.events[0].time,
            updated_at=append.events[-1].time,
            category=append.category,
        )
        if old is None:
            insort(self.places, row.place)
        self.put(row)

    def put(self, row: StreamRow) -> None:
        """Store a head, and its timer."""
        old = self.streams.get(row.stream_id)
        if old is not None and old.head.wake_at is not None:
            del self.timers[bisect_left(self.timers, (old.head.wake_at, row.stream_id))]
        if row.head.wake_at is not None:
            insort(self.timers, (row.head.wake_at, row.stream_id))
        self.streams[row.stream_id] = row

    def _stored(self, append: Append, event: NewEvent, xid: int, nth: int) -> StoredEvent:
        seq = self.next_seq
        self.next_seq += 1
        whole = whole_event(event)
        stored = StoredEvent(
            epoch=self.epoch,
            xid=xid,
            seq=seq,
            stream_id=append.stream_id,
            version=append.expected_version + nth,
            id=event.id,
            type=event.type,
            schema_version=event.schema_version,
            data=whole.data,
            time=event.time,
            tenant=append.tenant,
            causation_id=event.causation_id,
            traceparent=event.traceparent,
        )
        if event.payload is not None:
            self.bare[stored.position] = stored._replace(
                data=event.data, payload_at=event.payload.at, payload_hash=hash_of(event.payload)
            )
        return stored
