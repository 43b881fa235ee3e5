"""Poison or an outage: one bad record is set aside; where many different jobs fail alike at once, something larger is wrong."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from queuebit_contracts.channels import BY_TOPIC, LARGE
from queuebit_runtime.bus.port import Record

Offset = tuple[int, int]
"""A partition and an offset."""


@dataclass(frozen=True, slots=True)
class OutageLimit:
    """More than `alike_max` different keys that fail alike, and more than `share_max` of the last `reads` records of a topic;
    what failed longer than `window_s` ago does not count.
    """

    alike_max: int = 20
    share_max: float = 0.5
    reads: int = 50
    window_s: float = 60.0


class Outage(NamedTuple):
    """So many jobs fail alike."""

    topic: str
    fingerprint: str
    jobs: int


class _Outcome(NamedTuple):
    """Of one record: `fingerprint` is None where it was taken."""

    at_s: float
    fingerprint: str | None
    key: bytes


class OutageWatch:
    """Remembers the last outcomes of each topic on which something failed. A record that comes again has its last one."""

    def __init__(self, limit: OutageLimit | None = None) -> None:
        self._limit = limit or OutageLimit()
        self._last: defaultdict[str, OrderedDict[Offset, _Outcome]] = defaultdict(OrderedDict)

    @property
    def looks(self) -> bool:
        """Whether something failed lately, so that what is taken counts too."""
        return bool(self._last)

    def note(self, records: Sequence[Record], failed: Mapping[tuple[str, int, int], str], now_s: float) -> None:
        """What became of some records that were read together; `failed`: the fingerprints of those that did, by their place."""
        topics = {topic for topic, _, _ in failed}
        for record in records:
            topic, place = record.topic, (record.partition, record.offset)
            if topic not in topics and topic not in self._last:
                continue
            outcomes = self._last[topic]
            outcomes[place] = _Outcome(now_s, failed.get((topic, *place)), record.key or b"")
            outcomes.move_to_end(place)
            if len(outcomes) > self._limit.reads:
                outcomes.popitem(last=False)
        for topic in [each for each in topics ^ self._last.keys() if self._all_well(each)]:
            del self._last[topic]

    def outage(self, accepted: Collection[str], now_s: float) -> Outage | None:
        """Where the limit is crossed. `accepted`: fingerprints that are no outage."""
        since_s = now_s - self._limit.window_s
        for topic, outcomes in self._last.items():
            keys: defaultdict[str, set[bytes]] = defaultdict(set)
            for outcome in outcomes.values():
                if outcome.fingerprint is not None and outcome.at_s >= since_s:
                    keys[outcome.fingerprint].add(outcome.key)
            for fingerprint, jobs in keys.items():
                many = len(jobs) > self._limit.alike_max and len(jobs) > self._limit.share_max * len(outcomes)
                if many and fingerprint not in accepted:
                    return Outage(topic, fingerprint, len(jobs))
        return None

    def _all_well(self, topic: str) -> bool:
        return topic in self._last and all(each.fingerprint is None for each in self._last[topic].values())


def from_outside(topic: str) -> bool:
    """Whether outsiders wrote what lies there: what they get wrong is theirs, and never an outage of ours."""
    channel = BY_TOPIC.get(topic)
    return channel is None or channel.upstream_writes or topic == LARGE
