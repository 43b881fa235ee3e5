"""Diagnosis in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

from queuebit_store.diagnosis.port import Backlog, HorizonHolder
from queuebit_store.log.port import Position
from queuebit_store.memory_state.database import MemoryDatabase, log_key
from queuebit_store.memory_state.hooks import Hooks


class MemoryDiagnosis:
    """Open transactions are known by their number alone."""

    database: MemoryDatabase
    hooks: Hooks

    async def writable(self) -> bool:
        await self.hooks.before("writable")
        return True

    async def now(self) -> datetime:
        await self.hooks.before("now")
        return datetime.fromtimestamp(self.database.now_s(), UTC)

    async def backlog(self, cursor: str, *, count_max: int = 1000, categories: Sequence[str] = ("job",)) -> Backlog:
        await self.hooks.before("backlog")
        db = self.database
        position = db.cursors.get(cursor, Position())
        now_s = db.now_s()
        unread: list[float] = []
        held: list[float] = []
        for log in (db.logs[category] for category in categories if category in db.logs):
            start = bisect_right(log.keys, log_key(position))
            unread += log.recorded_s[start : start + count_max]
            held += log.recorded_s[bisect_left(log.keys, (db.epoch, db.horizon, 0)) :][:1]
        return Backlog(
            position,
            min(len(unread), count_max),
            now_s - min(unread) if unread else None,
            now_s - min(held) if held else None,
        )

    async def horizon_holders(self, *, limit: int = 3) -> list[HorizonHolder]:
        await self.hooks.before("horizon_holders")
        db = self.database
        return [
            HorizonHolder("session", str(xid), "memory", "", "", None, db.now_s() - db.open_xids[xid])
            for xid in sorted(db.open_xids)[:limit]
        ]
