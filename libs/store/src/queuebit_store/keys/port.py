"""Wrapped keys as they are stored. What a key opens is gone for good once its row says that it is destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TenantSecret:
    """The key of a tenant, wrapped by the master key of this name."""

    tenant: str
    master: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The key of a subject, wrapped by the key of its tenant; None once it is destroyed. It is that of the day `since`, from
    which those of later days are made: what was sealed before is erased.
    """

    key_id: UUID
    tenant: str
    subject: str
    wrapped: bytes | None
    created_at: datetime
    since: date
    destroyed_at: datetime | None = None


class LiveKey(NamedTuple):
    """The key that data of a subject is sealed with at `now` by the store's clock; None where it has none yet."""

    key: SubjectKey | None
    now: datetime


class Keys(Protocol):
    """Whoever keeps wrapped keys."""

    async def tenant_secret(self, tenant: str) -> TenantSecret | None:
        """That of the tenant, where it has one."""
        ...

    async def add_tenant_secret(self, secret: TenantSecret) -> TenantSecret:
        """Keep it, unless the tenant has one: that one then. Gives the one that holds."""
        ...

    async def live_key(self, tenant: str, subject: str) -> LiveKey:
        """The key that data of the subject is sealed with now, and what time that is."""
        ...

    async def add_subject_key(self, key: SubjectKey) -> SubjectKey:
        """Keep it, unless the subject has a live one: that one then. Gives the one that holds."""
        ...

    async def subject_keys(self, key_ids: Sequence[UUID]) -> dict[UUID, SubjectKey]:
        """Keys by id, also those that are destroyed; ids that nobody knows are left out."""
        ...

    async def keys_of_subject(self, tenant: str, subject: str) -> list[SubjectKey]:
        """All that the subject ever had, the oldest first."""
        ...

    async def note_sealed(self, key_id: UUID, job_id: UUID) -> None:
        """Remember that data of the job is sealed with the key. Repeatable."""
        ...

    async def sealed_jobs(self, key_ids: Sequence[UUID]) -> list[UUID]:
        """The jobs whose data is sealed with one of the keys."""
        ...

    async def keys_before(self, day: date, after: SubjectKey | None, limit: int) -> list[SubjectKey]:
        """Live keys of an earlier day, the oldest first, from behind `after`."""
        ...

    async def move_key(self, key: SubjectKey, wrapped: bytes, since: date) -> bool:
        """Keep it wrapped so and since that day, where it is live and since the day that `key` says; whether that is so."""
        ...

    async def destroy_keys(self, tenant: str, subject: str, now: datetime) -> list[UUID]:
        """Destroy the keys of the subject; gives those that were live. What they sealed cannot be opened any more."""
        ...
