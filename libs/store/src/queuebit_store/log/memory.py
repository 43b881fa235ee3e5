"""EventLog and OrderedReaderCursors in memory."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from queuebit_store.budgets.booking import book, refused
from queuebit_store.checks import check_batch
from queuebit_store.errors import InvalidBatch
from queuebit_store.leadership.port import Lease
from queuebit_store.log.payloads import whole_event
from queuebit_store.log.port import Append, FoldedEvent, Position, StoredEvent, TenantPage
from queuebit_store.memory_state.database import MemoryDatabase, log_key
from queuebit_store.memory_state.hooks import Hooks


class MemoryLog:
    """Appends, loads and reads in order. An append that fits before its wait and after it is written."""

    database: MemoryDatabase
    hooks: Hooks

    @property
    def epoch(self) -> int:
        return self.database.epoch

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        check_batch(batch)
        _check_text(batch)
        if not batch:
            return []
        await self.hooks.before("append")
        db = self.database
        with db.open_transaction() as xid:
            # Only a stream that fits both before the wait and after it is written: the snapshot and the row lock.
            fitting = [db.fits(append) for append in batch]
            await self.hooks.before_commit("append")
            poor = refused(db, batch)
            passed = [
                fits and db.fits(one) and one.stream_id not in poor for fits, one in zip(fitting, batch, strict=True)
            ]
            for append in (append for append, ok in zip(batch, passed, strict=True) if ok):
                db.write(append, xid)
                book(db, append)
        await self.hooks.after_commit("append")
        return passed

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        await self.hooks.before("load")
        events = self.database.events
        return {stream_id: list(events[stream_id]) for stream_id in stream_ids if stream_id in events}

    async def stories(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[FoldedEvent]]:
        return {
            stream_id: [
                FoldedEvent(each.stream_id, each.version, each.type, each.schema_version, each.data, each.time)
                for each in events
            ]
            for stream_id, events in (await self.load(stream_ids)).items()
        }

    async def bytes_of(self, stream_ids: Sequence[UUID]) -> dict[UUID, int]:
        await self.hooks.before("bytes_of")
        events = self.database.events
        return {each: sum(len(event.data.encode()) for event in events[each]) for each in stream_ids if each in events}

    async def events_of(
        self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000, tenant: str | None = None
    ) -> list[StoredEvent]:
        await self.hooks.before("events_of")
        start = max(after_version, 0)
        found = self.database.events.get(stream_id, [])[start : start + limit]
        return [event for event in found if tenant in (None, event.tenant)]

    async def read(
        self, after: Position, *, limit: int, categories: Sequence[str] = ("job",), whole: bool = True
    ) -> list[StoredEvent]:
        await self.hooks.before("read")
        db = self.database
        found: list[StoredEvent] = []
        for log in (db.logs[category] for category in categories if category in db.logs):
            start = bisect_right(log.keys, log_key(after))
            end = bisect_left(log.keys, (db.epoch, db.horizon, 0))
            found += log.events[start : min(end, start + limit)]
        events = sorted(found, key=_place)[:limit] if len(categories) > 1 else found
        return events if whole else [db.bare.get(event.position, event) for event in events]

    async def log_end(self, categories: Sequence[str] = ("job",)) -> Position:
        await self.hooks.before("log_end")
        ends = [Position()]
        for log in (self.database.logs[category] for category in categories if category in self.database.logs):
            end = bisect_left(log.keys, (self.database.epoch, self.database.horizon, 0))
            ends += [log.events[end - 1].position] if end else []
        return max(ends)

    async def read_tenant(
        self, tenant: str, after: Position, *, limit: int, categories: Sequence[str] = ("job",)
    ) -> TenantPage:
        stretch = await self.read(after, limit=limit, categories=categories)
        if not stretch:
            return TenantPage([], after, False)
        mine = [event for event in stretch if event.tenant == tenant]
        return TenantPage(mine, stretch[-1].position, len(stretch) == limit)

    async def archived_after(self, moment: datetime) -> bool:  # noqa: ARG002 - nothing is archived here
        await self.hooks.before("archived_after")
        return False

    async def fill(self, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        await self.hooks.before("fill")
        return [self.database.events[event.stream_id][event.version - 1] for event in events]


class MemoryCursors:
    """Where ordered readers stand, saved under a lease where one is named."""

    database: MemoryDatabase
    hooks: Hooks

    async def load_cursor(self, name: str) -> Position:
        await self.hooks.before("load_cursor")
        return self.database.cursors.get(name, Position())

    async def save_cursor(self, name: str, position: Position, lease: Lease | None = None) -> bool:
        await self.hooks.before("save_cursor")
        if lease is not None:
            row = self.database.leases.get(lease.name)
            if row is None or (row.holder, row.token) != (lease.holder, lease.token):
                return False
            self.database.leases[lease.name] = replace(row, expires_at_s=self.database.now_s() + lease.ttl_s)
        self.database.cursors[name] = position
        await self.hooks.after_commit("save_cursor")
        return True


def _place(event: StoredEvent) -> tuple[int, int, int]:
    return event.epoch, event.xid, event.seq


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)
"""Numbers may be of any size, as for PostgreSQL: they are only passed over."""


def _check_text(batch: Sequence[Append]) -> None:
    """Refuse what the adapter for PostgreSQL refuses: data that is no JSON, U+0000 in text, and text that UTF-8 cannot hold."""
    for append in batch:
        head = append.head
        texts = [append.tenant, append.category, head.state, *head.attributes, *head.attributes.values()]
        for event in map(whole_event, append.events):
            try:
                _DECODER.decode(event.data)
            except (ValueError, RecursionError):
                raise InvalidBatch(f"The data of the event {event.id} is not JSON, or nested too deeply.") from None
            texts += [event.data, event.type, event.traceparent or ""]
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            raise InvalidBatch(f"A text of the append to the stream {append.stream_id} is no Unicode text.") from None
        if any("\x00" in text for text in texts):
            raise InvalidBatch(f"A text of the append to the stream {append.stream_id} holds the character U+0000.")
