"""The directory in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from queuebit_store.directory.port import ApiKeyRow
from queuebit_store.errors import AlreadyExists, UnknownTenant
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryDirectory:
    """Tenants and API keys."""

    database: MemoryDatabase
    hooks: Hooks

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

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        await self.hooks.before("use_keys")
        for key_id, at in used.items():
            row = self.database.api_keys.get(key_id)
            if row is not None:
                last = at if row.last_used_at is None else max(at, row.last_used_at)
                self.database.api_keys[key_id] = replace(row, last_used_at=last)
        await self.hooks.after_commit("use_keys")

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        await self.hooks.before("revoke_key")
        row = self.database.api_keys.get(key_id)
        if row is None or row.revoked_at is not None:
            return False
        self.database.api_keys[key_id] = replace(row, revoked_at=now)
        await self.hooks.after_commit("revoke_key")
        return True

    async def expire_key(self, key_id: str, at: datetime) -> bool:
        await self.hooks.before("expire_key")
        row = self.database.api_keys.get(key_id)
        if row is None or row.revoked_at is not None:
            return False
        sooner = at if row.expires_at is None else min(at, row.expires_at)
        self.database.api_keys[key_id] = replace(row, expires_at=sooner)
        await self.hooks.after_commit("expire_key")
        return True
