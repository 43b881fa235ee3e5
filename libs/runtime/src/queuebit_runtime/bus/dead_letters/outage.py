"""Poison or an outage: one bad record is set aside; where many different jobs fail alike at once, something larger is wrong."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from queuebit_contracts.channels import BY_TOPIC, LARGE
from queuebit_runtime.bus.port import Record


@dataclass(frozen=True, slots=True)
class OutageLimit:
    """More than `alike_max` different keys that fail alike within `window_s`, and more than half of what was read meanwhile."""

    alike_max: int = 20
    window_s: float = 60.0
    share_max: float = 0.5


class Outage(NamedTuple):
    """So many jobs fail alike."""

    topic: str
    fingerprint: str
    jobs: int


class _Failure(NamedTuple):
    at_s: float
    fingerprint: str
    key: bytes


class OutageWatch:
    """Remembers what failed in the last while, topic by topic."""

    def __init__(self, limit: OutageLimit | None = None) -> None:
        self._limit = limit or OutageLimit()
        self._failures: defaultdict[str, deque[_Failure]] = defaultdict(deque)
        self._reads: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)
        self._ends: dict[tuple[str, int], int] = {}

    def read(self, records: Sequence[Record], now_s: float) -> None:
        """Count records that were read, each once however often it is delivered."""
        counts: defaultdict[str, int] = defaultdict(int)
        for topic, partition, offset, *_ in records:
            if offset >= self._ends.get((topic, partition), 0):
                self._ends[topic, partition] = offset + 1
                counts[topic] += 1
        for topic, count in counts.items():
            self._reads[topic].append((now_s, count))

    def failed(self, topic: str, fingerprint: str, key: bytes, now_s: float) -> None:
        """A record failed."""
        self._failures[topic].append(_Failure(now_s, fingerprint, key))

    def outage(self, accepted: frozenset[str] | set[str], now_s: float) -> Outage | None:
        """Where the limit is crossed. `accepted`: fingerprints that are no outage."""
        since_s = now_s - self._limit.window_s
        for topic, failures in self._failures.items():
            while failures and failures[0].at_s < since_s:
                failures.popleft()
            if len(failures) <= self._limit.alike_max:
                continue
            keys: defaultdict[str, set[bytes]] = defaultdict(set)
            for failure in failures:
                keys[failure.fingerprint].add(failure.key)
            for fingerprint, jobs in keys.items():
                if (
                    len(jobs) > self._limit.alike_max
                    and fingerprint not in accepted
                    and self._most(topic, len(jobs), since_s)
                ):
                    return Outage(topic, fingerprint, len(jobs))
        return None

    def _most(self, topic: str, jobs: int, since_s: float) -> bool:
        reads = self._reads[topic]
        while reads and reads[0][0] < since_s:
            reads.popleft()
        return jobs > self._limit.share_max * sum(count for _, count in reads)


def from_outside(topic: str) -> bool:
    """Whether outsiders wrote what lies there: what they get wrong is theirs, and never an outage of ours."""
    channel = BY_TOPIC.get(topic)
    return channel is None or channel.upstream_writes or topic == LARGE
