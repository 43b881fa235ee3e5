"""Topics as they lie on the broker: where they begin and end, what is in between, how far groups came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from queuebit_runtime.bus.port import Record


class Place(NamedTuple):
    """A partition. The topic is logical, without the namespace."""

    topic: str
    partition: int


class Span(NamedTuple):
    """The offsets that a partition holds: from the first to before the end."""

    begin: int
    end: int


class BrokerState(NamedTuple):
    """The brokers, and how many partitions of ours have a replica out of step, or nobody who leads."""

    brokers: int
    partitions: int
    behind: int
    leaderless: int


class Records(Protocol):
    """Reads what is there. Joins no group and commits nothing."""

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        """What each partition of the topics holds now; a topic that does not exist is absent."""
        ...

    def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        """Every record of the spans that is still there, each partition in the order of its offsets.

        Raises BusError, also where something lies that nobody here can unpack.
        """
        ...

    async def brokers(self, topics: Collection[str]) -> BrokerState:
        """How the brokers of these topics are."""
        ...

    async def committed(self) -> dict[str, dict[Place, int]]:
        """What each group of the namespace has committed."""
        ...


Unreadable = Callable[[Place, int, str], None]
"""Hears where something lies that nobody here can unpack, and why."""


class AllRecords(Records, Protocol):
    """Reads on, whatever lies there."""

    def read_past(self, spans: Mapping[Place, Span], unreadable: Unreadable) -> AsyncIterator[Sequence[Record]]:
        """As `read`, but what cannot be unpacked is told, and passed over."""
        ...
