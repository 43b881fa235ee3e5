"""Idempotency in memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_store.checks import check_key
from queuebit_store.idempotency.port import Reservation
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryIdempotency:
    """Keys held by tenants."""

    database: MemoryDatabase
    hooks: Hooks

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
