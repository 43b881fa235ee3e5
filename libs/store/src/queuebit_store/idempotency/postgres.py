"""Idempotency on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_store.checks import check_key
from queuebit_store.connections.session import Session
from queuebit_store.errors import StoreUnavailable
from queuebit_store.idempotency.port import Reservation

RESERVE_ROUNDS_MAX = 5


class PostgresIdempotency:
    """Keys held by tenants."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        for one in wanted:
            check_key(one.tenant, one.key)
        holding: dict[tuple[str, str], Reservation] = {}
        for _ in range(RESERVE_ROUNDS_MAX):
            missing = sorted(
                (one for one in wanted if (one.tenant, one.key) not in holding), key=lambda one: (one.tenant, one.key)
            )
            if not missing:
                return [holding[one.tenant, one.key] for one in wanted]
            found = await self._session.fetch(
                "reserve",
                [one.tenant for one in missing],
                [one.key for one in missing],
                [one.stream_id for one in missing],
                [one.fingerprint for one in missing],
                [one.created_at for one in missing],
                [one.question for one in missing],
            )
            for row in (Reservation(*each) for each in found):
                holding[row.tenant, row.key] = row
        raise StoreUnavailable("Other sessions take and drop the same idempotency keys again and again.")

    async def holder(self, tenant: str, key: str) -> Reservation | None:
        check_key(tenant, key)
        found = await self._session.fetch("holder", tenant, key)
        return Reservation(*found[0]) if found else None

    async def held_for(self, stream_id: UUID) -> Reservation | None:
        found = await self._session.fetch("held_for", stream_id)
        return Reservation(*found[0]) if found else None
