"""The trail of deeds on PostgreSQL: single statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_store.audit.port import Deed
from queuebit_store.connections.session import Session


class PostgresAuditTrail:
    """A table that services only add to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def note_deed(self, deed: Deed) -> None:
        await self._session.fetch(
            "note_deed", deed.deed_id, deed.tenant, deed.at, deed.actor, deed.action, deed.about, deed.reason
        )

    async def deeds(
        self, tenant: str, *, actions: Sequence[str] = (), before: tuple[datetime, UUID] | None = None, limit: int
    ) -> list[Deed]:
        at, deed_id = before or (None, None)
        rows = await self._session.fetch_of(tenant, "deeds", tenant, list(actions), at, deed_id, limit)
        return [Deed(*row) for row in rows]
