"""Leadership in memory."""

from __future__ import annotations

from queuebit_store.leadership.port import Lease
from queuebit_store.memory_state.database import LeaseRow, MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryLeadership:
    """Leases on the database's clock."""

    database: MemoryDatabase
    hooks: Hooks

    async def take(self, name: str, holder: str, ttl_s: float) -> Lease | None:
        await self.hooks.before("take")
        db = self.database
        row = db.leases.get(name)
        if row is None:
            token = 1
        elif row.holder == holder:
            token = row.token
        elif row.expires_at_s <= db.now_s():
            token = row.token + 1
        else:
            return None
        db.leases[name] = LeaseRow(holder, token, db.now_s() + ttl_s)
        await self.hooks.after_commit("take")
        return Lease(name, holder, token, ttl_s)

    async def release(self, lease: Lease) -> None:
        await self.hooks.before("release")
        row = self.database.leases.get(lease.name)
        if row is not None and (row.holder, row.token) == (lease.holder, lease.token):
            self.database.leases[lease.name] = LeaseRow("", lease.token, float("-inf"))
        await self.hooks.after_commit("release")
