"""Wrapped keys on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from queuebit_store.connections.session import Session
from queuebit_store.keys.port import LiveKey, SubjectKey, TenantSecret


class PostgresKeys:
    """Tenant keys and subject keys, each a row of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def tenant_secret(self, tenant: str) -> TenantSecret | None:
        rows = await self._session.fetch("tenant_secret", tenant)
        return TenantSecret(*rows[0]) if rows else None

    async def add_tenant_secret(self, secret: TenantSecret) -> TenantSecret:
        await self._session.fetch("add_tenant_secret", secret.tenant, secret.master, secret.wrapped)
        holds = await self.tenant_secret(secret.tenant)
        assert holds is not None
        return holds

    async def live_key(self, tenant: str, subject: str) -> LiveKey:
        *key, now = (await self._session.fetch("live_key", tenant, subject))[0]
        return LiveKey(None if key[0] is None else SubjectKey(*key), now)

    async def add_subject_key(self, key: SubjectKey) -> SubjectKey:
        holds = None
        while holds is None:
            # Somebody may destroy the one that was in the way before it is read.
            await self._session.fetch(
                "add_subject_key", key.key_id, key.tenant, key.subject, key.wrapped, key.created_at, key.since
            )
            holds = (await self.live_key(key.tenant, key.subject)).key
        return holds

    async def subject_keys(self, key_ids: Sequence[UUID]) -> dict[UUID, SubjectKey]:
        return {row["key_id"]: _key(row) for row in await self._session.fetch("subject_keys", list(key_ids))}

    async def keys_of_subject(self, tenant: str, subject: str) -> list[SubjectKey]:
        return list(map(_key, await self._session.fetch("keys_of_subject", tenant, subject)))

    async def note_sealed(self, key_id: UUID, job_id: UUID) -> None:
        await self._session.fetch("note_sealed", key_id, job_id)

    async def sealed_jobs(self, key_ids: Sequence[UUID]) -> list[UUID]:
        return [row[0] for row in await self._session.fetch("sealed_jobs", list(key_ids))]

    async def keys_before(self, day: date, after: SubjectKey | None, limit: int) -> list[SubjectKey]:
        place = (date.min, UUID(int=0)) if after is None else (after.since, after.key_id)
        return list(map(_key, await self._session.fetch("keys_before", day, *place, limit)))

    async def move_key(self, key: SubjectKey, wrapped: bytes, since: date) -> bool:
        return bool(await self._session.fetch("move_key", key.key_id, key.since, wrapped, since))

    async def destroy_keys(self, tenant: str, subject: str, now: datetime) -> list[UUID]:
        return [row[0] for row in await self._session.fetch("destroy_keys", tenant, subject, now)]


def _key(row: Any) -> SubjectKey:
    return SubjectKey(*row)
