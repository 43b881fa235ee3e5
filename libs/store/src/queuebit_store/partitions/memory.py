"""Partitions in memory: known by name, for nothing depends on where an event lies."""

from __future__ import annotations

from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.partitions.port import Partition


class MemoryPartitions:
    """Those that were added."""

    database: MemoryDatabase
    hooks: Hooks

    async def add_partition(self, partition: Partition) -> bool:
        await self.hooks.before("add_partition")
        partitions = self.database.partitions
        if any(each.since < partition.until and partition.since < each.until for each in partitions):
            return False
        partitions.append(partition)
        partitions.sort(key=lambda each: each.since)
        await self.hooks.after_commit("add_partition")
        return True

    async def partitions(self) -> list[Partition]:
        await self.hooks.before("partitions")
        return list(self.database.partitions)
