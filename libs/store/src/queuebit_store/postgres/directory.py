"""Cursors and Directory on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from queuebit_store.leadership import Lease
from queuebit_store.ports import ApiKeyRow, Position
from queuebit_store.postgres import rows as to
from queuebit_store.postgres.session import Session


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
        return {row.key_id: row for row in map(to.api_key_row, rows)}

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
        )

    async def list_keys(self, tenant: str | None = None) -> list[ApiKeyRow]:
        return [to.api_key_row(row) for row in await self._session.fetch("list_keys", tenant)]

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        return bool(await self._session.fetch("revoke_key", key_id, now))
