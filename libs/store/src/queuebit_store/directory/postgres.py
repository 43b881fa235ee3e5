"""The directory on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from queuebit_store.connections.session import Session
from queuebit_store.directory.port import ApiKeyRow


class PostgresDirectory:
    """Tenants and API keys."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def known_tenants(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(row[0] for row in await self._session.fetch("known_tenants", list(names)))

    async def add_tenant(self, tenant: str, now: datetime) -> None:
        await self._session.fetch("add_tenant", tenant, now)

    async def find_keys(self, key_ids: Sequence[str]) -> dict[str, ApiKeyRow]:
        rows = await self._session.fetch("find_keys", list(key_ids))
        return {row.key_id: row for row in map(_row, rows)}

    async def add_key(self, row: ApiKeyRow) -> None:
        await self._session.fetch(
            "add_key",
            row.key_id,
            row.tenant,
            row.role,
            row.secret_hash,
            row.created_at,
            row.expires_at,
            row.revoked_at,
            row.scopes,
            row.networks,
            row.name,
            row.project,
            row.environment,
            row.made_by,
        )

    async def list_keys(self, tenant: str | None = None) -> list[ApiKeyRow]:
        return list(map(_row, await self._session.fetch_of(tenant, "list_keys", tenant)))

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        if used:
            await self._session.fetch("use_keys", list(used), list(used.values()))

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        return bool(await self._session.fetch("revoke_key", key_id, now))

    async def expire_key(self, key_id: str, at: datetime) -> bool:
        return bool(await self._session.fetch("expire_key", key_id, at))


def _row(row: Any) -> ApiKeyRow:
    """A row whose columns have the names of the fields."""
    fields = dict(row)
    return ApiKeyRow(**{**fields, "scopes": tuple(fields["scopes"]), "networks": tuple(fields["networks"])})
