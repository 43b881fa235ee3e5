"""What operators did and what they hold back: bulk operations with how far they are, holds, and both as one record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, assert_never, cast
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts import operators as op
from queuebit_contracts.data import Data
from queuebit_contracts.model import Model
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.streams import OPERATION
from queuebit_domain.errors import CorruptStream
from queuebit_domain.holds.codec import fold_holds
from queuebit_domain.holds.register import OPERATOR, REGISTER_ID, Hold
from queuebit_gateway.problem_details import Refusal
from queuebit_store.ports import StoredEvent, StreamFilter, StreamRow, StreamStore

PAGE = 500
EVENTS_MAX = 500
"""Of each stream the latest so many are read: what a list and a record of the latest deeds are made from."""
DEEDS_MAX = 200
OPERATIONS_IN_RECORD = 50
SAMPLE_MAX = 20

OperationState = Literal["freezing", "frozen", "running", "done", "cancelled", "stopped"]


class OperationView(Model):
    """A bulk operation of operators. `done` of `count` things were dealt with; `outcomes`: how many ended how."""

    object: Literal["operation"] = "operation"
    id: UUID
    verb: str
    state: OperationState
    count: int
    done: int
    outcomes: dict[str, int]
    frozen_by: str
    frozen_at: AwareDatetime
    actor: str = Field(description="Who let it act last; empty where nobody has yet.")
    reason: str
    rate_per_s: float | None = Field(default=None, description="How many a second it may deal with at most.")
    note: str = Field(default="", description="Why it stopped, where it did.")
    updated_at: AwareDatetime


class OperationList(Model):
    """The latest bulk operations, newest first."""

    object: Literal["list"] = "list"
    data: tuple[OperationView, ...]


class OperationDetail(OperationView):
    """One bulk operation. `sample`: the first things it is about; `failures`: why some of those failed that did.
    `runs_here`: whether it may be started over HTTP and anybody here would run it.
    """

    arguments: dict[str, str]
    failures: dict[str, str]
    sample: tuple[str, ...]
    runs_here: bool


class HoldView(Model):
    """What is held back now: `scope` and `value` say which work. `rate_per_s`: how much it lets through since it was eased."""

    number: int
    why: Literal["pause", "quarantine"]
    scope: str
    value: str
    actor: str
    reason: str
    placed_at: AwareDatetime
    rate_per_s: float | None = None


class Deed(Model):
    """What an operator did, in words. `operation` or `hold` says to what it belongs."""

    at: AwareDatetime
    actor: str
    did: str
    reason: str = ""
    operation: UUID | None = None
    hold: int | None = None


class RecordView(Model):
    """What operators hold back now, and their latest deeds, the latest first."""

    object: Literal["record"] = "record"
    holds: tuple[HoldView, ...]
    deeds: tuple[Deed, ...]


@dataclass(slots=True)
class _Told:
    """An operation on its way from its events to its view."""

    row: StreamRow
    frozen: op.OperationFrozen
    frozen_at: datetime
    done: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    actor: str = ""
    reason: str = ""
    rate_per_s: float | None = None
    note: str = ""
    deeds: list[Deed] = field(default_factory=list)

    def hear(self, event: op.OperationEvent, at: datetime) -> None:
        """Take one more event in."""
        match event:
            case op.OperationFrozen():
                self._did(at, event.actor, f"prepared {event.verb} of {event.targets}")
            case op.OperationTargets():
                pass
            case op.OperationStarted():
                self.actor, self.reason, self.rate_per_s, self.note = event.actor, event.reason, event.rate_per_s, ""
                self._did(at, event.actor, f"started {self.frozen.verb}", event.reason)
            case op.OperationAdvanced():
                self.done = event.done
                self.failures.update(event.failures)
                for name, count in event.outcomes.items():
                    self.outcomes[name] = self.outcomes.get(name, 0) + count
            case op.OperationStopped():
                self.note = event.reason
                ended = {"done": "finished", "cancelled": "cancelled", "stopped": "was stopped in"}[event.how]
                self._did(at, event.actor, f"{ended} {self.frozen.verb} after {self.done}", event.reason)
            case _:
                assert_never(event)

    def view(self) -> OperationView:
        return OperationView(
            id=self.row.stream_id,
            verb=self.frozen.verb,
            state=cast(OperationState, self.row.head.state),
            count=self.frozen.targets,
            done=self.done,
            outcomes=self.outcomes,
            frozen_by=self.frozen.actor,
            frozen_at=self.frozen_at,
            actor=self.actor,
            reason=self.reason,
            rate_per_s=self.rate_per_s,
            note=self.note,
            updated_at=self.row.updated_at,
        )

    def _did(self, at: datetime, actor: str, did: str, reason: str = "") -> None:
        self.deeds.append(Deed(at=at, actor=actor, did=did, reason=reason, operation=self.row.stream_id))


class Operators:
    """Reads the streams of operators; nothing here writes."""

    def __init__(self, store: StreamStore, *, runs: bool = False) -> None:
        """`runs`: whether anybody here runs what is started over HTTP."""
        self._store = store
        self._runs = runs

    async def operations(self, limit: int) -> OperationList:
        """The latest so many. Raises StoreError."""
        return OperationList(data=tuple([told.view() async for told in self._told(limit)]))

    async def operation(self, operation_id: UUID) -> OperationDetail:
        """Raises Refusal operation_not_found, StoreError."""
        row = (await self._store.heads([operation_id])).get(operation_id)
        if row is None or row.category != OPERATION:
            raise Refusal("operation_not_found")
        told = await self._told_of(row)
        (_, *second) = await self._store.events_of(operation_id, after_version=0, limit=2)
        first = [_data(each) for each in second]
        sample = first[0].targets[:SAMPLE_MAX] if first and isinstance(first[0], op.OperationTargets) else ()
        return OperationDetail(
            **told.view().model_dump(),
            arguments=told.frozen.arguments,
            failures=told.failures,
            sample=sample,
            runs_here=self._runs and told.frozen.verb in op.RUN_HERE,
        )

    async def record(self) -> RecordView:
        """Raises StoreError, and Refusal history_unreadable where the register of holds has a gap."""
        deeds = [deed async for told in self._told(OPERATIONS_IN_RECORD) for deed in told.deeds]
        stored = [event async for event in _events(self._store, REGISTER_ID, 0)]
        try:
            holds = fold_holds(stored)
        except CorruptStream as error:
            raise Refusal("history_unreadable") from error
        deeds += [_hold_deed(event) for event in stored]
        deeds.sort(key=lambda deed: deed.at, reverse=True)
        return RecordView(holds=tuple(map(_hold_view, holds.holds)), deeds=tuple(deeds[:DEEDS_MAX]))

    async def _told(self, limit: int) -> AsyncIterator[_Told]:
        wanted = StreamFilter(OPERATOR, categories=(OPERATION,))
        for row in await self._store.list_heads(wanted, limit=limit):
            yield await self._told_of(row)

    async def _told_of(self, row: StreamRow) -> _Told:
        (first,) = await self._store.events_of(row.stream_id, after_version=0, limit=1)
        frozen = cast(op.OperationFrozen, _data(first))
        told = _Told(row, frozen, first.time)
        told.hear(frozen, first.time)
        parts = -(-frozen.targets // op.TARGETS_A_PART)
        async for event in _events(self._store, row.stream_id, max(1 + parts, row.version - EVENTS_MAX)):
            told.hear(cast(op.OperationEvent, _data(event)), event.time)
        return told


async def _events(store: StreamStore, stream_id: UUID, after: int) -> AsyncIterator[StoredEvent]:
    while page := await store.events_of(stream_id, after_version=after, limit=PAGE):
        for event in page:
            yield event
        after = page[-1].version


def _data(stored: StoredEvent) -> Data:
    return REGISTRY.read_stored(stored.type, stored.schema_version, stored.data)


def _hold_view(hold: Hold) -> HoldView:
    return HoldView(
        number=hold.number, why=hold.why, scope=hold.scope, value=hold.value, actor=hold.actor, reason=hold.reason,
        placed_at=hold.placed_at, rate_per_s=hold.rate_per_s,
    )  # fmt: skip


def _hold_deed(stored: StoredEvent) -> Deed:
    event = cast(op.HoldEvent, _data(stored))
    match event:
        case op.HoldPlaced():
            what = "everything" if event.scope == "all" else f"{event.scope} {event.value}"
            did, hold = f"{'paused' if event.why == 'pause' else 'quarantined'} {what}", stored.version
        case op.HoldEased():
            did, hold = f"let {event.rate_per_s:g} a second through hold {event.hold}", event.hold
        case op.HoldReleased():
            did, hold = f"lifted hold {event.hold}", event.hold
        case _:
            assert_never(event)
    return Deed(at=stored.time, actor=event.actor, did=did, reason=event.reason, hold=hold)
