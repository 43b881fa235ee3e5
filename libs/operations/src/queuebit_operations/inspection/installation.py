"""How an installation stands, seen from its store and its brokers alone: what a person asks first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from queuebit_contracts.channels import BY_TOPIC, LIFECYCLE, is_dead_letter
from queuebit_contracts.ids import uuid_from
from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.projections.building import BuildStore
from queuebit_operations.projections.standing import Standing, document_of, standing
from queuebit_operations.records.port import BrokerState, Place, Records, Span
from queuebit_operations.scan.port import LeaseState, Marks
from queuebit_runtime.bus.port import Record
from queuebit_store.diagnosis.port import Backlog, HorizonHolder

LEASE = "relay"
"""Under which name the relay leads."""
RELAY = "publisher"
"""The cursor of the relay."""
HELD_S = 3.0
"""No transaction of ours is open for so long while all is well."""
WAITING_S = 10.0
"""An event that the relay has not come to for so long waits."""
RUNBOOKS = "infra/docs/runbooks"


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that is not as it should be, and the page that says what to do."""

    code: str
    detail: str
    runbook: str

    def document(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail, "runbook": f"{RUNBOOKS}/{self.runbook}.md"}


@dataclass(slots=True)
class Installation:
    """What was seen. What did not answer is None, and says so in `silent`."""

    writable: bool | None = None
    marks: Marks | None = None
    backlog: Backlog | None = None
    leases: list[LeaseState] = field(default_factory=list)
    holders: list[HorizonHolder] = field(default_factory=list)
    brokers: BrokerState | None = None
    lags: dict[str, int] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    ahead: list[str] = field(default_factory=list)
    projections: list[Standing] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)

    def reasons(self) -> list[Reason]:
        """Everything that is not as it should be."""
        return [*self._store(), *self._relay(), *self._projections(), *self._kafka()]

    def document(self) -> dict[str, Any]:
        reasons = self.reasons()
        marks, backlog = self.marks, self.backlog
        return {
            "ok": not reasons,
            "reasons": [each.document() for each in reasons],
            "store": None
            if marks is None
            else {
                "writable": self.writable,
                "epoch": marks.epoch,
                "newest": list(marks.newest),
                "cursors": {name: list(position) for name, position in marks.cursors.items()},
                "leaders": [each._asdict() for each in self.leases],
            },
            "relay": None
            if backlog is None
            else {"waiting": backlog.count, "oldest_age_s": backlog.oldest_age_s, "held_age_s": backlog.held_age_s},
            "projections": [document_of(each) for each in self.projections],
            "kafka": None if self.brokers is None else {**self.brokers._asdict(), "lags": self.lags},
            "dead_letters": self.letters,
        }

    def _store(self) -> Iterator[Reason]:
        if "postgres" in self.silent:
            yield Reason("postgres_unavailable", self.silent["postgres"], "database-lost")
        if self.writable is False:
            detail = "PostgreSQL takes no writes: it is a standby, or set to read only."
            yield Reason("postgres_read_only", detail, "database-lost")
        marks = self.marks
        if marks is not None and marks.newest.epoch == marks.epoch and marks.newest.xid >= marks.next_xid:
            detail = (
                f"The last event has the transaction id {marks.newest.xid}, the next one given out is {marks.next_xid}."
            )
            yield Reason("epoch_stale", detail, "kafka-ahead")
        elif marks is not None and marks.copied:
            detail = f"The store came back from a dump, and the epoch {marks.epoch} began before that."
            yield Reason("epoch_stale", detail, "kafka-ahead")
        for job in self.ahead[:1]:
            detail = f"Kafka holds events that the store does not, such as of the job {job}."
            yield Reason("kafka_ahead", detail, "kafka-ahead")

    def _relay(self) -> Iterator[Reason]:
        backlog = self.backlog
        if backlog is None:
            return
        if backlog.held_age_s is not None and backlog.held_age_s >= HELD_S:
            holder = self.holders[0] if self.holders else None
            who = f" by {holder.kind} {holder.who} of {holder.user} ({holder.application})" if holder else ""
            detail = f"Stored events have been held back for {backlog.held_age_s:.0f} s{who}."
            yield Reason("horizon_held", detail, "stalled-relay")
        if backlog.oldest_age_s is not None and backlog.oldest_age_s >= WAITING_S:
            leader = next((each.holder for each in self.leases if each.name == LEASE and each.held), None)
            led = f"{leader} leads" if leader else "nobody leads"
            detail = f"{backlog.count} events wait for the relay, the oldest for {backlog.oldest_age_s:.0f} s; {led}."
            yield Reason("relay_stalled", detail, "stalled-relay")

    def _projections(self) -> Iterator[Reason]:
        for each in self.projections:
            if each.build is not None and each.build.failure is not None:
                detail = f"The projection {each.name} {each.note}; {each.behind} events wait for it, and for no other."
                yield Reason("projection_stopped", detail, "stopped-projection")

    def _kafka(self) -> Iterator[Reason]:
        if "kafka" in self.silent:
            yield Reason("kafka_unavailable", self.silent["kafka"], "broker-lost")
        brokers = self.brokers
        if brokers is not None and brokers.leaderless:
            detail = f"{brokers.leaderless} of {brokers.partitions} partitions have no leader: nobody can write or read them."
            yield Reason("partitions_leaderless", detail, "broker-lost")
        elif brokers is not None and brokers.behind:
            detail = f"{brokers.behind} of {brokers.partitions} partitions have a replica that is gone or behind."
            yield Reason("replicas_behind", detail, "broker-lost")


class Diagnosed(Protocol):
    """What is asked of the store."""

    async def writable(self) -> bool: ...
    async def backlog(self, cursor: str, *, categories: Sequence[str]) -> Backlog: ...
    async def horizon_holders(self) -> list[HorizonHolder]: ...


class Marked(Protocol):
    """What is asked of the scan."""

    async def marks(self) -> Marks: ...
    async def leases(self) -> list[LeaseState]: ...
    async def event_id(self, stream_id: UUID, version: int) -> UUID | None: ...


async def look_at_store(seen: Installation, store: Diagnosed, scan: Marked) -> None:
    """Fill in what the store says. Raises what it raises."""
    seen.writable = await store.writable()
    seen.marks = await scan.marks()
    seen.backlog = await store.backlog(RELAY, categories=PUBLISHED)
    seen.leases = await scan.leases()
    if seen.backlog.held_age_s is not None:
        seen.holders = await store.horizon_holders()


async def look_at_projections(seen: Installation, store: BuildStore) -> None:
    """Fill in how the projections stand: those that somebody has run."""
    seen.projections = [each for each in await standing(store, count_max=100_000) if each.build is not None]


async def look_at_kafka(seen: Installation, records: Records, scan: Marked | None) -> None:
    """Fill in what the brokers say, and whether the newest records are known to the store. Raises BusError."""
    seen.brokers = await records.brokers(tuple(BY_TOPIC))
    if seen.brokers.leaderless:
        return
    spans = await records.spans(tuple(BY_TOPIC))
    for group, offsets in (await records.committed()).items():
        lag = sum(max(0, spans[place].end - max(offset, 0)) for place, offset in offsets.items() if place in spans)
        seen.lags[group] = lag
    for place, span in spans.items():
        if is_dead_letter(place.topic):
            seen.letters[place.topic] = seen.letters.get(place.topic, 0) + span.end - span.begin
    if scan is not None:
        async for some in records.read(_last_of(spans)):
            for record in some:
                if (job := await _unknown(record, scan)) is not None:
                    seen.ahead.append(job)


def _last_of(spans: Mapping[Place, Span]) -> dict[Place, Span]:
    """The last record of each partition that carries every event."""
    return {
        place: Span(span.end - 1, span.end)
        for place, span in spans.items()
        if place.topic == LIFECYCLE and span.end > span.begin
    }


async def _unknown(record: Record, scan: Marked) -> str | None:
    """The job of a record that the store does not hold; None where it does, or where that cannot be said."""
    headers = dict(record.headers)
    try:
        job = uuid_from(headers.get("ce_subject", b"").decode())
        version = int(headers.get("ce_streamversion", b""))
        event_id = uuid_from(headers.get("ce_id", b"").decode())
    except ValueError:
        return None
    return str(job) if await scan.event_id(job, version) != event_id else None
