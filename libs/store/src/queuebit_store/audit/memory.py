"""The trail of deeds in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_store.audit.port import Deed
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryAuditTrail:
    """Deeds by their ids."""

    database: MemoryDatabase
    hooks: Hooks

    async def note_deed(self, deed: Deed) -> None:
        await self.hooks.before("note_deed")
        self.database.deeds.setdefault(deed.deed_id, deed)

    async def deeds(
        self, tenant: str, *, actions: Sequence[str] = (), before: tuple[datetime, UUID] | None = None, limit: int
    ) -> list[Deed]:
        await self.hooks.before("deeds")
        found = [
            each
            for each in self.database.deeds.values()
            if each.tenant == tenant
            and (not actions or each.action in actions)
            and (before is None or (each.at, each.deed_id) < before)
        ]
        return sorted(found, key=lambda each: (each.at, each.deed_id), reverse=True)[:limit]
