"""Diagnosis on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from queuebit_store.connections.session import Session
from queuebit_store.diagnosis.port import Backlog, HorizonHolder
from queuebit_store.log.port import Position


class PostgresDiagnosis:
    """Reads the server's own views. Times of other users' sessions need the rights of pg_read_all_stats."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def writable(self) -> bool:
        return bool((await self._session.fetch("writable"))[0]["writable"])

    async def now(self) -> datetime:
        moment: datetime = (await self._session.fetch("now"))[0]["now"]
        return moment

    async def backlog(self, cursor: str, *, count_max: int = 1000, categories: Sequence[str] = ("job",)) -> Backlog:
        row = (await self._session.fetch("backlog", cursor, list(categories), count_max))[0]
        position = Position(row["epoch"], row["xid"], row["seq"])
        return Backlog(position, row["waiting"], row["oldest_age_s"], row["held_age_s"])

    async def horizon_holders(self, *, limit: int = 3) -> list[HorizonHolder]:
        found = await self._session.fetch("horizon_holders", limit)
        return [
            HorizonHolder(
                "prepared" if row["kind"] == "prepared" else "session",
                row["who"],
                row["database"] or "",
                row["username"] or "",
                row["application"] or "",
                row["state"],
                row["age_s"],
            )
            for row in found
        ]
