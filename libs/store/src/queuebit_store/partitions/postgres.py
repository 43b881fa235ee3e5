"""Partitions on PostgreSQL: made by a function of the schema, in one short transaction."""

from __future__ import annotations

from queuebit_store.connections.session import Session
from queuebit_store.partitions.port import Partition


class PostgresPartitions:
    """Asked as an operator: a lock that readers hold is waited for no longer than a second."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add_partition(self, partition: Partition) -> bool:
        found = await self._session.fetch_operate("add_partition", partition.name, partition.since, partition.until)
        return bool(found[0][0])

    async def partitions(self) -> list[Partition]:
        return [Partition(*row) for row in await self._session.fetch_operate("partitions")]
