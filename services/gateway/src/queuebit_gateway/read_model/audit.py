"""What people did with a tenant's things, as its administrators see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts.model import Model
from queuebit_store.audit.port import AuditTrail, Deed
from queuebit_store.ports import Place


class AuditEntry(Model):
    """Who set about what, when and why. It was written before it was done."""

    object: Literal["audit_entry"] = "audit_entry"
    id: UUID
    at: AwareDatetime
    actor: str = Field(description="The key or the person, as `key:…`, `key:oidc:…` or the name of an operator.")
    action: str = Field(description="The thing and what was done to it, such as `key.revoke`.")
    about: str = Field(description="The id of the thing.")
    reason: str = Field(description="Why, where that was said.")


class AuditPage(Model):
    """A page of the trail, the latest first."""

    object: Literal["list"] = "list"
    data: tuple[AuditEntry, ...]
    has_more: bool
    next_cursor: str | None = None


class Audit:
    """Reads the trail of one tenant at a time."""

    def __init__(self, store: AuditTrail) -> None:
        self._store = store

    async def page(
        self, tenant: str, actions: Sequence[str], before: Place | None, limit: int
    ) -> tuple[Sequence[AuditEntry], Place | None]:
        """A page, and where to go on; None at the end. Raises StoreError."""
        place = None if before is None else (before.created_at, before.stream_id)
        found = await self._store.deeds(tenant, actions=actions, before=place, limit=limit + 1)
        shown = found[:limit]
        last = Place(shown[-1].at, shown[-1].deed_id) if len(found) > limit else None
        return [_entry(each) for each in shown], last


def _entry(deed: Deed) -> AuditEntry:
    return AuditEntry(
        id=deed.deed_id, at=deed.at, actor=deed.actor, action=deed.action, about=deed.about, reason=deed.reason
    )
