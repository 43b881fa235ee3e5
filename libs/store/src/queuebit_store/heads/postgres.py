"""Heads on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson

from queuebit_contracts.streams import JOB
from queuebit_store.connections.session import Session
from queuebit_store.heads import columns as to
from queuebit_store.heads.port import FIRST_LINE, Head, Line, Place, StreamFilter, StreamRow


class PostgresHeads:
    """Heads by id, in lists, by time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def heads(self, stream_ids: Sequence[UUID], *, tenant: str | None = None) -> dict[UUID, StreamRow]:
        found = map(to.stream_row, await self._session.fetch_of(tenant, "heads", list(stream_ids)))
        return {row.stream_id: row for row in found if tenant in (None, row.tenant)}

    async def list_heads(self, wanted: StreamFilter, *, limit: int) -> list[StreamRow]:
        """Filters by attributes are checked while walking: bounded by the timeout. Whose each row is, is looked at here: under
        the lock of rows the walk would begin at the newest for every page.
        """
        before = wanted.before
        arguments = (
            wanted.tenant,
            before.created_at if before else None,
            before.stream_id if before else None,
            list(wanted.categories),
            list(dict.fromkeys(wanted.states)),
            orjson.dumps(wanted.attributes).decode(),
            wanted.created_from,
            wanted.created_to,
            limit,
        )
        found = await self._session.fetch("list_states" if wanted.states else "list_tenant", *arguments)
        rows = map(to.stream_row, found)
        return [row for row in rows if row.tenant == wanted.tenant]

    async def walk_heads(self, after: UUID | None = None, *, limit: int, category: str = "job") -> list[StreamRow]:
        name = "walk" if category == JOB else "walk_rare"
        return [to.stream_row(row) for row in await self._session.fetch_operate(name, after, category, limit)]

    async def due(self, now: datetime, *, limit: int, category: str = "job") -> list[UUID]:
        return [row[0] for row in await self._session.fetch("due", now, category, limit)]

    async def held_heads(self, after: Place | None = None, *, limit: int) -> list[StreamRow]:
        place = (None, None) if after is None else after
        return [to.stream_row(row) for row in await self._session.fetch("held", *place, limit)]

    async def waiting_heads(self, after: Line = FIRST_LINE, *, each: int, lines: int) -> list[StreamRow]:
        return [to.stream_row(row) for row in await self._session.fetch("waiting", each, lines, *after)]

    async def rewrite_heads(self, rows: Sequence[tuple[UUID, int, Head]]) -> int:
        if not rows:
            return 0
        return len(await self._session.fetch("rewrite_heads", *to.head_columns(rows)))
