"""The trail of deeds: written before what it tells of is done, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody set about: `action` on the thing whose id is `about`, and why where they said so."""

    deed_id: UUID
    tenant: str
    at: datetime
    actor: str
    action: str
    about: str
    reason: str = ""


class AuditTrail(Protocol):
    """Deeds by tenant."""

    async def note_deed(self, deed: Deed) -> None:
        """Keep it. One that is kept already stays as it is."""
        ...

    async def deeds(
        self, tenant: str, *, actions: Sequence[str] = (), before: tuple[datetime, UUID] | None = None, limit: int
    ) -> list[Deed]:
        """Those of a tenant, the latest first, after a place; with `actions` only of these."""
        ...
