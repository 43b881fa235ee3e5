"""StreamStore on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_store.checks import check_batch, check_key
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import Append, Head, Position, Reservation, StoredEvent, StreamFilter, StreamRow
from queuebit_store.postgres import rows as to
from queuebit_store.postgres.session import Session

RESERVE_ROUNDS_MAX = 5


class PostgresStreams:
    """Appends, loads, lists and reads in order. Always on the primary: a replica may show commits in another order."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        """One statement, which is one implicit transaction.

        When the connection is lost on the way, StoreUnavailable is raised and nobody knows whether the batch took effect.
        Appending it again is safe: if it had taken effect the answer is now False, as for any other conflict, and the
        caller loads the streams again and finds its own events there.

        It must stay a single statement: a transaction that had its id before it took its snapshot could store a later
        version of a stream under an earlier transaction id, and readers would see the two in the wrong order.
        """
        check_batch(batch)
        if not batch:
            return []
        found = await self._session.fetch_append(*to.stream_columns(batch), *to.event_columns(batch))
        if len(found) == len(batch):
            return [True] * len(batch)
        passed = {row[0] for row in found}
        return [one.stream_id in passed for one in batch]

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        loaded: dict[UUID, list[StoredEvent]] = {}
        for event in to.stored_events(await self._session.fetch("load", list(stream_ids))):
            loaded.setdefault(event.stream_id, []).append(event)
        return loaded

    async def events_of(self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000) -> list[StoredEvent]:
        return to.stored_events(await self._session.fetch("events_of", stream_id, after_version, limit))

    async def heads(self, stream_ids: Sequence[UUID]) -> dict[UUID, StreamRow]:
        found = map(to.stream_row, await self._session.fetch("heads", list(stream_ids)))
        return {row.stream_id: row for row in found}

    async def list_heads(self, wanted: StreamFilter, *, limit: int) -> list[StreamRow]:
        """Filters by kind or tier are checked while walking: bounded by the timeout."""
        before = wanted.before
        arguments = (
            wanted.tenant,
            before.created_at if before else None,
            before.stream_id if before else None,
            wanted.category,
            wanted.environment,
            list(dict.fromkeys(wanted.states)),
            list(wanted.kinds),
            list(wanted.tiers),
            wanted.created_from,
            wanted.created_to,
            limit,
        )
        found = await self._session.fetch("list_states" if wanted.states else "list_tenant", *arguments)
        return [to.stream_row(row) for row in found]

    async def walk_heads(
        self, after: UUID | None = None, *, limit: int, category: str = "job", environment: str = "default"
    ) -> list[StreamRow]:
        return [to.stream_row(row) for row in await self._session.fetch("walk", after, category, environment, limit)]

    async def due(self, now: datetime, *, limit: int) -> list[UUID]:
        return [row[0] for row in await self._session.fetch("due", now, limit)]

    async def read(self, after: Position, *, limit: int, category: str = "job") -> list[StoredEvent]:
        return to.stored_events(await self._session.fetch("read", category, after.epoch, after.xid, after.seq, limit))

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        for one in wanted:
            check_key(one.tenant, one.key)
        holding: dict[tuple[str, str], Reservation] = {}
        for _ in range(RESERVE_ROUNDS_MAX):
            missing = sorted(
                (one for one in wanted if (one.tenant, one.key) not in holding), key=lambda one: (one.tenant, one.key)
            )
            if not missing:
                return [holding[one.tenant, one.key] for one in wanted]
            found = await self._session.fetch(
                "reserve",
                [one.tenant for one in missing],
                [one.key for one in missing],
                [one.stream_id for one in missing],
                [one.fingerprint for one in missing],
                [one.created_at for one in missing],
                [one.question for one in missing],
            )
            for row in map(to.reservation, found):
                holding[row.tenant, row.key] = row
        raise StoreUnavailable("Other sessions take and drop the same idempotency keys again and again.")

    async def holder(self, tenant: str, key: str) -> Reservation | None:
        check_key(tenant, key)
        found = await self._session.fetch("holder", tenant, key)
        return to.reservation(found[0]) if found else None

    async def held_for(self, stream_id: UUID) -> Reservation | None:
        found = await self._session.fetch("held_for", stream_id)
        return to.reservation(found[0]) if found else None

    async def rewrite_heads(self, rows: Sequence[tuple[UUID, int, Head]]) -> int:
        if not rows:
            return 0
        return len(await self._session.fetch("rewrite_heads", *to.head_columns(rows)))
