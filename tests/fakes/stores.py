"""Stores for tests: they count, or refuse."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Position, StoredEvent


class CountingStore(MemoryStore):
    """Tells how many events a reader asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []

    async def read(
        self, after: Position, *, limit: int, categories: Sequence[str] = ("job",), whole: bool = True
    ) -> list[StoredEvent]:
        self.limits.append(limit)
        return await super().read(after, limit=limit, categories=categories, whole=whole)
