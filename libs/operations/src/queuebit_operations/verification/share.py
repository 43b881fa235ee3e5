"""Shares of the jobs: by the hash that puts them on their partitions, so that a share of the topics belongs to each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd

from queuebit_contracts.channels import BY_TOPIC, MEETING
from queuebit_operations.records.port import Place, Span
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Record

Parts = Mapping[str, int]
"""Into how many parts the partitions of each topic fall, of which a share reads one."""


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` shares; the only one where there is one. `parts_max`: where records of a topic are known to lie elsewhere
    than on the partitions of their keys, into how many it can be parted all the same.
    """

    number: int = 0
    of: int = 1
    parts_max: Parts = field(default_factory=dict)

    def has(self, key: bytes) -> bool:
        """Whether the job of this key is in the share."""
        return self.of == 1 or self.of_key(key) == self.number

    def of_key(self, key: bytes) -> int:
        """In which share the job of this key is."""
        return partition_of(key, self.of)

    def parts(self, spans: Iterable[Place]) -> dict[str, int]:
        """As many as divide how many partitions a topic has, how many it was made with, and how many shares there are."""
        counts = Counter(place.topic for place in spans)
        return {
            topic: gcd(count, _made_with(topic, count), self.of, self.parts_max.get(topic, 0))
            for topic, count in counts.items()
        }

    def places(self, spans: Mapping[Place, Span]) -> dict[Place, Span]:
        """The partitions that may hold records of its jobs: those whose number leaves the same rest as its own, by how many
        parts there are; all where a topic cannot be parted.
        """
        parts = self.parts(spans)
        return {
            place: span
            for place, span in spans.items()
            if place.partition % parts[place.topic] == self.number % parts[place.topic]
        }


class Sorting:
    """Takes what is the share's out of the partitions that it reads, and notes where the rest lies: keys whose topic has more
    partitions than it had, or that somebody sent elsewhere, do not lie on their own ones.
    """

    def __init__(self, share: Share, known: Container[bytes] = ()) -> None:
        """`known`: keys that are in the share, as far as that is known already: to find out takes long."""
        self._share = share
        self._known = known
        self.parts: dict[str, int] = {}
        """Into how many each topic can be parted, by what was seen of it."""

    def mine(self, records: Sequence[Record]) -> Sequence[Record]:
        """Of some records of one partition those whose job is in the share."""
        share, known = self._share, self._known
        if share.of == 1:
            return records
        topic, partition = records[0].topic, records[0].partition
        key_of = job_of if topic in MEETING else _key_of
        others = {key: share.of_key(key) for each in records if (key := key_of(each)) not in known}
        for owner in set(others.values()):
            self.parts[topic] = gcd(self.parts.get(topic, share.of), partition - owner)
        return [each for each in records if others.get(key_of(each), share.number) == share.number]


def _key_of(record: Record) -> bytes:
    return record.key or b""


def job_of(record: Record) -> bytes:
    """What the key is of everything else about the job."""
    return dict(record.headers).get("ce_subject", b"") or _key_of(record)


def astray(read: Iterable[Parts], seen: Iterable[Parts]) -> dict[str, int]:
    """The topics that were parted too finely, so that no share looked at some records, and into how many they can be parted.
    `read`: as each share parted them. `seen`: what each saw of them.
    """
    possible: dict[str, int] = {}
    for each in seen:
        for topic, parts in each.items():
            possible[topic] = gcd(possible.get(topic, 0), parts)
    too_fine = {topic for each in read for topic, parts in each.items() if possible.get(topic, 0) % parts}
    return {topic: possible[topic] for topic in too_fine}


def _made_with(topic: str, count: int) -> int:
    channel = BY_TOPIC.get(topic)
    return count if channel is None else channel.partitions


def shares(events: int, *, events_max: int, processes: int) -> int:
    """How many shares: a power of two, at least one for each process, each with at most `events_max` events or thereabouts."""
    wanted = max(processes, -(-events // events_max))
    return 1 << (wanted - 1).bit_length()
