"""Cursors and Leadership in memory."""

from __future__ import annotations

from dataclasses import replace

from queuebit_store.leadership import Lease
from queuebit_store.memory_database import LeaseRow, MemoryDatabase
from queuebit_store.memory_hooks import Hooks
from queuebit_store.ports import Position


class MemoryLeadership:
    """Leases on the database's clock, and the cursors that are saved under them."""

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
