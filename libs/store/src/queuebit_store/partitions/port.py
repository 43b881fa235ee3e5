"""Partitions of the log, by the time with which the ids of streams begin: made ahead, taken out whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

REST = "event_elsewhere"
"""Where events lie whose streams begin after all partitions: rarely any, for the months ahead have theirs."""


@dataclass(frozen=True, slots=True)
class Partition:
    """The events of the streams that began from `since` on and before `until`."""

    name: str
    since: datetime
    until: datetime

    @property
    def from_id(self) -> UUID:
        return _bound(self.since)

    @property
    def until_id(self) -> UUID:
        return _bound(self.until)


class Partitions(Protocol):
    """What partitions there are. The store works without the newest ones: its events move there when they are made."""

    async def add_partition(self, partition: Partition) -> bool:
        """Make it; False where another covers any of its time. Raises StoreUnavailable, also where readers hold the log, and
        StatementRefused where we have no right to make tables.
        """
        ...

    async def partitions(self) -> list[Partition]:
        """Those there are, the oldest first."""
        ...


def months(now: datetime, ahead: int) -> Iterator[Partition]:
    """The partition of this month, and those of so many after it."""
    since = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead + 1):
        until = since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)
        yield Partition(f"event_{since:%Y_%m}", since, until)
        since = until


def _bound(moment: datetime) -> UUID:
    """No id that begins with this moment or a later one is smaller."""
    return UUID(int=max(0, round(moment.timestamp() * 1000)) << 80)
