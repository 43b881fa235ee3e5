"""The directory: tenants and their API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key as stored: never the secret, only its keyed hash (HMAC-SHA256 under the server's pepper). `scopes`: the
    actions that it is narrowed to; `networks`: where it may be used from. Empty, both are all. `project` and `environment`:
    whose jobs alone it is for; None, any. `last_used_at` is right to a minute or so.
    """

    key_id: str
    tenant: str
    role: str
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    name: str = ""
    project: str | None = None
    environment: str | None = None
    made_by: str = ""
    last_used_at: datetime | None = None


class Directory(Protocol):
    """Tenants and their API keys."""

    async def known_tenants(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the names that are tenants."""
        ...

    async def add_tenant(self, tenant: str, now: datetime) -> None:
        """Register a tenant; one that is registered stays as it is."""
        ...

    async def find_keys(self, key_ids: Sequence[str]) -> dict[str, ApiKeyRow]:
        """The keys by their ids, also those that are expired or revoked; ids that no key has are left out."""
        ...

    async def add_key(self, row: ApiKeyRow) -> None:
        """Store a key. Raises AlreadyExists or UnknownTenant."""
        ...

    async def list_keys(self, tenant: str | None = None) -> list[ApiKeyRow]:
        """All keys, or those of one tenant, the oldest first; also those that are expired or revoked."""
        ...

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        """Note when keys were last used; an earlier time than is known changes nothing."""
        ...

    async def revoke_key(self, key_id: str, now: datetime) -> bool:
        """Revoke a key; False where there is none or it is revoked already."""
        ...

    async def expire_key(self, key_id: str, at: datetime) -> bool:
        """Let a key end at this moment, or when it would have ended, if that is sooner; False where there is no such key that
        is not revoked.
        """
        ...
