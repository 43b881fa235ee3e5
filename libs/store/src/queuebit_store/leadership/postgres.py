"""Leadership on PostgreSQL: a row a name, on the server's clock, held no longer than a single statement takes to commit."""

from __future__ import annotations

from datetime import timedelta

from queuebit_store.connections.session import Session
from queuebit_store.leadership.port import Lease


class PostgresLeadership:
    """Asked on a connection of its own, so that it waits for no other statement of the process."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def take(self, name: str, holder: str, ttl_s: float) -> Lease | None:
        found = await self._session.fetch_lead("take_lease", name, holder, timedelta(seconds=ttl_s))
        return Lease(name, holder, found[0]["token"], ttl_s) if found else None

    async def release(self, lease: Lease) -> None:
        await self._session.fetch_lead("release_lease", lease.name, lease.holder, lease.token)
