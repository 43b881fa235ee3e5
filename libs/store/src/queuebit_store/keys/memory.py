"""Wrapped keys in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from queuebit_store.keys.port import LiveKey, SubjectKey, TenantSecret
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks


class MemoryKeys:
    """Tenant keys and subject keys."""

    database: MemoryDatabase
    hooks: Hooks

    async def tenant_secret(self, tenant: str) -> TenantSecret | None:
        await self.hooks.before("tenant_secret")
        return self.database.tenant_secrets.get(tenant)

    async def add_tenant_secret(self, secret: TenantSecret) -> TenantSecret:
        await self.hooks.before("add_tenant_secret")
        return self.database.tenant_secrets.setdefault(secret.tenant, secret)

    async def live_key(self, tenant: str, subject: str) -> LiveKey:
        await self.hooks.before("live_key")
        return LiveKey(self._live_key_of(tenant, subject), datetime.fromtimestamp(self.database.now_s(), UTC))

    async def add_subject_key(self, key: SubjectKey) -> SubjectKey:
        await self.hooks.before("add_subject_key")
        live = self._live_key_of(key.tenant, key.subject)
        if live is not None:
            return live
        self.database.subject_keys[key.key_id] = key
        return key

    async def subject_keys(self, key_ids: Sequence[UUID]) -> dict[UUID, SubjectKey]:
        await self.hooks.before("subject_keys")
        known = self.database.subject_keys
        return {key_id: known[key_id] for key_id in key_ids if key_id in known}

    async def keys_of_subject(self, tenant: str, subject: str) -> list[SubjectKey]:
        await self.hooks.before("keys_of_subject")
        return self._keys_of(tenant, subject)

    async def note_sealed(self, key_id: UUID, job_id: UUID) -> None:
        await self.hooks.before("note_sealed")
        self.database.sealed_jobs.setdefault(key_id, {})[job_id] = None

    async def sealed_jobs(self, key_ids: Sequence[UUID]) -> list[UUID]:
        await self.hooks.before("sealed_jobs")
        return sorted({job for key_id in key_ids for job in self.database.sealed_jobs.get(key_id, ())})

    async def keys_before(self, day: date, after: SubjectKey | None, limit: int) -> list[SubjectKey]:
        await self.hooks.before("keys_before")
        live = (key for key in self.database.subject_keys.values() if key.wrapped is not None and key.since < day)
        found = (key for key in live if after is None or _place(key) > _place(after))
        return sorted(found, key=_place)[:limit]

    async def move_key(self, key: SubjectKey, wrapped: bytes, since: date) -> bool:
        await self.hooks.before("move_key")
        known = self.database.subject_keys.get(key.key_id)
        if known is None or known.wrapped is None or known.since != key.since:
            return False
        self.database.subject_keys[key.key_id] = replace(known, wrapped=wrapped, since=since)
        return True

    async def destroy_keys(self, tenant: str, subject: str, now: datetime) -> list[UUID]:
        await self.hooks.before("destroy_keys")
        live = [key for key in self._keys_of(tenant, subject) if key.wrapped is not None]
        for key in live:
            gone = replace(key, wrapped=None, destroyed_at=now)
            self.database.subject_keys[key.key_id] = gone
        return [key.key_id for key in live]

    def _live_key_of(self, tenant: str, subject: str) -> SubjectKey | None:
        return next((key for key in self._keys_of(tenant, subject) if key.wrapped is not None), None)

    def _keys_of(self, tenant: str, subject: str) -> list[SubjectKey]:
        found = [key for key in self.database.subject_keys.values() if (key.tenant, key.subject) == (tenant, subject)]
        return sorted(found, key=lambda key: (key.created_at, key.key_id))


def _place(key: SubjectKey) -> tuple[date, UUID]:
    return key.since, key.key_id
