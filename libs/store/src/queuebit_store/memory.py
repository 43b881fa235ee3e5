"""The store in memory: the same promises as on PostgreSQL, for tests, the simulation and one-process runs.

`MemoryDatabase` is what would be on disk; each `MemoryStore` is one process's session on it, so that several services can
share a database and compete for a lead. Nothing here waits by itself: hooks decide where a simulation stops an operation.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from queuebit_store.checks import check_batch, check_key
from queuebit_store.errors import AlreadyExists, InvalidBatch, UnknownTenant
from queuebit_store.memory_database import EventLog, MemoryDatabase, log_key
from queuebit_store.memory_diagnosis import MemoryDiagnosis
from queuebit_store.memory_hooks import Hook, Hooks
from queuebit_store.memory_leadership import MemoryLeadership
from queuebit_store.ports import (
    ApiKeyRow,
    Append,
    Head,
    Position,
    Reservation,
    StoredEvent,
    StreamFilter,
    StreamRow,
)

__all__ = ["Hook", "Hooks", "MemoryDatabase", "MemoryStore"]


class MemoryStore(MemoryLeadership, MemoryDiagnosis):
    """One session on a MemoryDatabase: StreamStore, Cursors, Directory, Leadership and Diagnosis."""

    def __init__(self, database: MemoryDatabase | None = None, *, hooks: Hooks | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.hooks = hooks or Hooks()

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
            passed = [fits and db.fits(append) for fits, append in zip(fitting, batch, strict=True)]
            for append in (append for append, ok in zip(batch, passed, strict=True) if ok):
                db.write(append, xid)
        await self.hooks.after_commit("append")
        return passed

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        await self.hooks.before("load")
        events = self.database.events
        return {stream_id: list(events[stream_id]) for stream_id in stream_ids if stream_id in events}

    async def events_of(self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000) -> list[StoredEvent]:
        await self.hooks.before("events_of")
        start = max(after_version, 0)
        return self.database.events.get(stream_id, [])[start : start + limit]

    async def heads(self, stream_ids: Sequence[UUID]) -> dict[UUID, StreamRow]:
        await self.hooks.before("heads")
        streams = self.database.streams
        return {stream_id: streams[stream_id] for stream_id in stream_ids if stream_id in streams}

    async def list_heads(self, wanted: StreamFilter, *, limit: int) -> list[StreamRow]:
        await self.hooks.before("list_heads")
        places = self.database.places
        end = len(places) if wanted.before is None else bisect_left(places, wanted.before)
        found: list[StreamRow] = []
        for i in range(end - 1, -1, -1):
            if len(found) >= limit:
                break
            row = self.database.streams[places[i].stream_id]
            if _matches(row, wanted):
                found.append(row)
        return found

    async def walk_heads(
        self, after: UUID | None = None, *, limit: int, category: str = "job", environment: str = "default"
    ) -> list[StreamRow]:
        await self.hooks.before("walk_heads")
        streams = self.database.streams
        rows = [streams[stream_id] for stream_id in sorted(streams) if after is None or stream_id > after]
        return [row for row in rows if (row.category, row.environment) == (category, environment)][:limit]

    async def due(self, now: datetime, *, limit: int) -> list[UUID]:
        await self.hooks.before("due")
        end = bisect_right(self.database.timers, now, key=lambda timer: timer[0])
        return [stream_id for _, stream_id in self.database.timers[: min(end, limit)]]

    async def read(self, after: Position, *, limit: int, category: str = "job") -> list[StoredEvent]:
        await self.hooks.before("read")
        db = self.database
        log = db.logs.get(category, EventLog())
        start = bisect_right(log.keys, log_key(after))
        end = bisect_left(log.keys, (db.epoch, db.horizon, 0))
        return log.events[start : min(end, start + limit)]

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        for one in wanted:
            check_key(one.tenant, one.key)
        await self.hooks.before("reserve")
        held = self.database.reservations
        holding = [held.setdefault((one.tenant, one.key), one) for one in wanted]
        await self.hooks.after_commit("reserve")
        return holding

    async def holder(self, tenant: str, key: str) -> Reservation | None:
        check_key(tenant, key)
        await self.hooks.before("holder")
        return self.database.reservations.get((tenant, key))

    async def held_for(self, stream_id: UUID) -> Reservation | None:
        await self.hooks.before("held_for")
        return next((held for held in self.database.reservations.values() if held.stream_id == stream_id), None)

    async def rewrite_heads(self, rows: Sequence[tuple[UUID, int, Head]]) -> int:
        await self.hooks.before("rewrite_heads")
        replaced = 0
        for stream_id, version, head in rows:
            row = self.database.streams.get(stream_id)
            if row is not None and row.version == version:
                self.database.put(replace(row, head=head))
                replaced += 1
        await self.hooks.after_commit("rewrite_heads")
        return replaced

    async def known_tenants(self, names: Sequence[str]) -> frozenset[str]:
        await self.hooks.before("known_tenants")
        return frozenset(name for name in names if name in self.database.tenants)

    async def add_tenant(self, tenant: str, now: datetime) -> None:
        await self.hooks.before("add_tenant")
        self.database.tenants.setdefault(tenant, now)
        await self.hooks.after_commit("add_tenant")

    async def find_keys(self, key_ids: Sequence[str]) -> dict[str, ApiKeyRow]:
        await self.hooks.before("find_keys")
        return {key_id: self.database.api_keys[key_id] for key_id in key_ids if key_id in self.database.api_keys}

    async def add_key(self, row: ApiKeyRow) -> None:
        await self.hooks.before("add_key")
        if row.key_id in self.database.api_keys:
            raise AlreadyExists
        if row.tenant not in self.database.tenants:
            raise UnknownTenant
        self.database.api_keys[row.key_id] = row
        await self.hooks.after_commit("add_key")

    async def list_keys(self, tenant: str | None = None) -> list[ApiKeyRow]:
        await self.hooks.before("list_keys")
        found = [row for row in self.database.api_keys.values() if tenant in (None, row.tenant)]
        return sorted(found, key=lambda row: (row.created_at, row.key_id))

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        await self.hooks.before("revoke_key")
        row = self.database.api_keys.get(key_id)
        if row is None or row.revoked_at is not None:
            return False
        self.database.api_keys[key_id] = replace(row, revoked_at=now)
        await self.hooks.after_commit("revoke_key")
        return True

    async def close(self) -> None:
        """End the session. A lead that was not released lasts for the rest of its time."""


def _matches(row: StreamRow, wanted: StreamFilter) -> bool:
    return (
        row.category == wanted.category
        and row.environment == wanted.environment
        and row.tenant == wanted.tenant
        and (not wanted.states or row.head.state in wanted.states)
        and (not wanted.kinds or row.head.kind in wanted.kinds)
        and (not wanted.tiers or row.head.tier in wanted.tiers)
        and (wanted.created_from is None or row.created_at >= wanted.created_from)
        and (wanted.created_to is None or row.created_at < wanted.created_to)
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)
"""Numbers may be of any size, as for PostgreSQL: they are only passed over."""


def _check_text(batch: Sequence[Append]) -> None:
    """Refuse what the adapter for PostgreSQL refuses: data that is no JSON, two control characters in text, and text that
    UTF-8 cannot hold.
    """
    for append in batch:
        head = append.head
        texts = [append.tenant, append.category, append.environment]
        texts += [head.state, head.kind, head.tier, head.lane, head.fingerprint]
        for event in append.events:
            try:
                _DECODER.decode(event.data)
            except (ValueError, RecursionError):
                raise InvalidBatch(f"The data of the event {event.id} is not JSON, or nested too deeply.") from None
            texts += [event.data, event.type, event.traceparent or ""]
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            raise InvalidBatch(f"A text of the append to the stream {append.stream_id} is no Unicode text.") from None
        if any("\x00" in text or "\x1f" in text for text in texts):
            raise InvalidBatch(
                f"A text of the append to the stream {append.stream_id} holds the character U+0000 or U+001F."
            )
