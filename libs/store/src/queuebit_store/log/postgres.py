"""EventLog and OrderedReaderCursors on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_contracts.ids import FIRST_EPOCH
from queuebit_store.budgets.columns import lines_of
from queuebit_store.checks import check_batch
from queuebit_store.connections.session import Session
from queuebit_store.leadership.port import Lease
from queuebit_store.log import columns as to
from queuebit_store.log.payloads import Name, filled, hashes_of, inlined_in, missing, parts_of, payloads_of
from queuebit_store.log.port import Append, FoldedEvent, Position, StoredEvent, TenantPage

LARGE_CHARACTERS = 262_144
"""A batch with more of data than this takes tens of milliseconds to store."""


class PostgresLog:
    """Appends, loads and reads in order. Always on the primary: a replica may show commits in another order."""

    _payloads_apart: bool
    """Whether whatever reads this store finds payloads that are stored apart."""
    _epoch: int

    def __init__(self, session: Session, *, payloads_apart: bool = False, epoch: int = FIRST_EPOCH) -> None:
        self._session = session
        self._payloads_apart = payloads_apart
        self._epoch = epoch

    @property
    def epoch(self) -> int:
        """As it was when this store was opened: a new one begins while nobody has it open."""
        return self._epoch

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
        hashes = hashes_of(batch)
        if hashes and not self._payloads_apart:
            batch, hashes = inlined_in(batch), {}
        if hashes:
            await self._keep(payloads_of(batch, hashes))
        large = sum([len(event.data) for one in batch for event in one.events]) > LARGE_CHARACTERS
        lines = lines_of(batch)
        append = self._session.fetch_charged if lines else self._session.fetch_append
        found = await append(*to.given(batch, hashes), *lines, large=large)
        if len(found) == len(batch):
            return [True] * len(batch)
        passed = {row[0] for row in found}
        return [one.stream_id in passed for one in batch]

    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]:
        loaded: dict[UUID, list[StoredEvent]] = {}
        for event in await self.fill(to.stored_events(await self._session.fetch("load", list(stream_ids)))):
            loaded.setdefault(event.stream_id, []).append(event)
        return loaded

    async def stories(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[FoldedEvent]]:
        found: dict[UUID, list[FoldedEvent]] = {}
        for event in map(FoldedEvent._make, await self._session.fetch("stories", list(stream_ids))):
            found.setdefault(event[0], []).append(event)
        return found

    async def bytes_of(self, stream_ids: Sequence[UUID]) -> dict[UUID, int]:
        return {row[0]: row[1] for row in await self._session.fetch("bytes_of", list(stream_ids))}

    async def events_of(
        self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000, tenant: str | None = None
    ) -> list[StoredEvent]:
        rows = await self._session.fetch_of(tenant, "events_of", stream_id, after_version, limit)
        events = [event for event in to.stored_events(rows) if tenant in (None, event.tenant)]
        return await self.fill(events)

    async def read(
        self, after: Position, *, limit: int, categories: Sequence[str] = ("job",), whole: bool = True
    ) -> list[StoredEvent]:
        rows = await self._session.fetch("read", list(categories), *after, limit)
        events = to.stored_events(rows)
        return await self.fill(events) if whole else events

    async def log_end(self, categories: Sequence[str] = ("job",)) -> Position:
        found = await self._session.fetch("log_end", list(categories))
        return Position(*found[0]) if found else Position()

    async def read_tenant(
        self, tenant: str, after: Position, *, limit: int, categories: Sequence[str] = ("job",)
    ) -> TenantPage:
        rows = await self._session.fetch("read_tenant", list(categories), *after, limit, tenant)
        if not rows:
            return TenantPage([], after, False)
        last = rows[-1]
        events = to.stored_events([tuple(row)[:-1] for row in rows if row["tenant"] == tenant])
        return TenantPage(await self.fill(events), Position(*tuple(last)[:3]), last["looked_at"] == limit)

    async def archived_after(self, moment: datetime) -> bool:
        return bool((await self._session.fetch("archived_after", moment))[0]["gone"])

    async def fill(self, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        wanted = missing(events)
        if not wanted:
            return list(events)
        found: dict[Name, bytearray] = {}
        stream_ids, hashes = zip(*wanted, strict=True)
        for stream_id, digest, data in await self._session.fetch("payloads", stream_ids, hashes):
            found.setdefault((stream_id, digest), bytearray()).extend(data)
        return filled(events, found)

    async def _keep(self, payloads: dict[Name, bytes]) -> None:
        """Store what is not stored yet, a piece in a transaction: each is seen by others as soon as it is written, and what
        names it comes after all of them.
        """
        parts = {name: parts_of(text) for name, text in payloads.items()}
        stream_ids, hashes = zip(*parts, strict=True)
        last = [len(each) - 1 for each in parts.values()]
        kept = {(row[0], row[1]) for row in await self._session.fetch("kept_payloads", stream_ids, hashes, last)}
        for (stream_id, digest), pieces in parts.items():
            if (stream_id, digest) not in kept:
                for nth, piece in enumerate(pieces):
                    await self._session.fetch_large("keep_payload", stream_id, digest, nth, piece)


class PostgresCursors:
    """Where ordered readers stand. The last save counts, so that an operator can move a reader back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def load_cursor(self, name: str) -> Position:
        found = await self._session.fetch("load_cursor", name)
        return Position(*found[0]) if found else Position()

    async def save_cursor(self, name: str, position: Position, lease: Lease | None = None) -> bool:
        if lease is None:
            await self._session.fetch("save_cursor", name, *position)
            return True
        ttl = timedelta(seconds=lease.ttl_s)
        arguments = (name, *position, lease.name, lease.holder, lease.token, ttl)
        return bool(await self._session.fetch_lead("save_led_cursor", *arguments))
