"""Shares of the jobs: by the hash that puts them on their partitions, so that a share of the topics belongs to each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd

from queuebit_operations.records.port import Place, Span
from queuebit_runtime.bus.partitioner import partition_of


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` shares; the only one where there is one."""

    number: int = 0
    of: int = 1

    def has(self, key: bytes) -> bool:
        """Whether the job of this key is in the share."""
        return self.of == 1 or partition_of(key, self.of) == self.number

    def places(self, spans: Mapping[Place, Span]) -> dict[Place, Span]:
        """The partitions that may hold records of its jobs: those whose number leaves the same rest as its own, by whatever
        divides both how many they are and how many shares there are; all where nothing does.
        """
        parts = {topic: gcd(count, self.of) for topic, count in Counter(place.topic for place in spans).items()}
        return {
            place: span
            for place, span in spans.items()
            if place.partition % parts[place.topic] == self.number % parts[place.topic]
        }


def shares(events: int, *, events_max: int, processes: int) -> int:
    """How many shares: a power of two, at least one for each process, each with at most `events_max` events or thereabouts."""
    wanted = max(processes, -(-events // events_max))
    return 1 << (wanted - 1).bit_length()
