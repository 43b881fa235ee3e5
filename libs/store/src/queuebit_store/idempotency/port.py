"""Idempotency keys: the same request twice is one stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reservation:
    """An idempotency key held by a tenant: the stream it stands for, and the fingerprint of the request that took it.

    `question` is what its holder wants to know of the request while the stream has no events.
    """

    tenant: str
    key: str
    stream_id: UUID
    fingerprint: str
    created_at: datetime
    question: str | None = None


class Idempotency(Protocol):
    """Keys held by tenants."""

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        """Hold each (tenant, key) for its stream, first come first served; returns what holds now, in the order asked.

        Raises StoreUnavailable (transient; asking again is safe), or InvalidBatch (permanent: nothing is held; one key that
        cannot be stored refuses the whole batch).
        """
        ...

    async def holder(self, tenant: str, key: str) -> Reservation | None:
        """What holds a key, without taking it. Raises InvalidBatch for a key that cannot be stored."""
        ...

    async def held_for(self, stream_id: UUID) -> Reservation | None:
        """The key that stands for a stream; None where none is held for it."""
        ...
