"""Heads in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from queuebit_store.heads.port import FIRST_LINE, Head, Line, Place, StreamFilter, StreamRow
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryHeads:
    """Heads by id, in lists, by time."""

    database: MemoryDatabase
    hooks: Hooks

    async def heads(self, stream_ids: Sequence[UUID], *, tenant: str | None = None) -> dict[UUID, StreamRow]:
        await self.hooks.before("heads")
        streams = self.database.streams
        found = {stream_id: streams[stream_id] for stream_id in stream_ids if stream_id in streams}
        return {stream_id: row for stream_id, row in found.items() if tenant in (None, row.tenant)}

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

    async def walk_heads(self, after: UUID | None = None, *, limit: int, category: str = "job") -> list[StreamRow]:
        await self.hooks.before("walk_heads")
        streams = self.database.streams
        rows = [streams[stream_id] for stream_id in sorted(streams) if after is None or stream_id > after]
        return [row for row in rows if row.category == category][:limit]

    async def due(self, now: datetime, *, limit: int, category: str = "job") -> list[UUID]:
        await self.hooks.before("due")
        db = self.database
        end = bisect_right(db.timers, now, key=lambda timer: timer[0])
        ids = (stream_id for _, stream_id in db.timers[:end] if db.streams[stream_id].category == category)
        return list(islice(ids, limit))

    async def held_heads(self, after: Place | None = None, *, limit: int) -> list[StreamRow]:
        await self.hooks.before("held_heads")
        places = self.database.places
        start = 0 if after is None else bisect_right(places, after)
        rows = (self.database.streams[place.stream_id] for place in places[start:])
        return list(islice((row for row in rows if row.head.state == "held"), limit))

    async def waiting_heads(self, after: Line = FIRST_LINE, *, each: int, lines: int) -> list[StreamRow]:
        await self.hooks.before("waiting_heads")
        found: dict[tuple[str, str], list[StreamRow]] = {}
        for place in self.database.places:
            row = self.database.streams[place.stream_id]
            if row.head.state == "held" and (queue := row.head.attributes.get("waits")) is not None:
                found.setdefault((row.tenant, queue), []).append(row)
        behind = [key for key in sorted(found) if key > after]
        return [row for key in behind[:lines] for row in found[key][:each]]

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


def _matches(row: StreamRow, wanted: StreamFilter) -> bool:
    return (
        row.category in wanted.categories
        and row.tenant == wanted.tenant
        and (not wanted.states or row.head.state in wanted.states)
        and all(row.head.attributes.get(name) in values for name, values in wanted.attributes.items())
        and (wanted.created_from is None or row.created_at >= wanted.created_from)
        and (wanted.created_to is None or row.created_at < wanted.created_to)
    )
