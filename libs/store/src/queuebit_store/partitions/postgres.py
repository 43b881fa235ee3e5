"""Partitions on PostgreSQL: made by a function of the schema, in one short transaction."""

from __future__ import annotations

from queuebit_store.connections.session import Session
from queuebit_store.errors import StatementRefused
from queuebit_store.partitions.port import Partition

RIGHTS = (
    "Make the user of the URL the owner of the table `event`, with CREATE on its schema, or let the owner call "
    "add_event_partition for the months ahead; until then new events lie in event_elsewhere."
)


class PostgresPartitions:
    """Asked as an operator: a lock that readers hold is waited for no longer than a second."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add_partition(self, partition: Partition) -> bool:
        try:
            found = await self._session.fetch_operate("add_partition", partition.name, partition.since, partition.until)
        except StatementRefused as error:
            raise StatementRefused(
                f"The partition {partition.name} of the log cannot be made. {error.detail}", remedy=RIGHTS
            ) from None
        return bool(found[0][0])

    async def partitions(self) -> list[Partition]:
        return [Partition(*row) for row in await self._session.fetch_operate("partitions")]
