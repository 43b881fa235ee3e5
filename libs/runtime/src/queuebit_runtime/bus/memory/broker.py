"""A broker in memory: logs, offsets, groups and their rebalances, and hooks for faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Protocol

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import BusError, Outgoing, Record
from queuebit_runtime.bus.slots import Place
from queuebit_runtime.clock import Clock

PARTITIONS_DEFAULT = 4


def prefix_of(namespace: str) -> str:
    """What stands before every name of a namespace."""
    return f"{namespace}." if namespace else ""


class GroupMember(Protocol):
    """What the broker asks of a reader."""

    @property
    def topics(self) -> tuple[str, ...]: ...

    @property
    def namespace(self) -> str: ...

    @property
    def member(self) -> Member: ...

    @property
    def wake(self) -> asyncio.Event: ...

    @property
    def rebalance_drain_s(self) -> float: ...

    def log(self, topic: str) -> list[list[Record]]: ...

    def take(self, places: Sequence[Place]) -> None: ...

    def revoke(self) -> None: ...

    def commit(self) -> None: ...


class MemoryBroker:
    """The logs and the groups. What it keeps is lost with it."""

    def __init__(self, clock: Clock, *, seed: int = 0, partitions: Mapping[str, int] | None = None) -> None:
        """`partitions` overrides the channel table; an unknown topic has four."""
        self.clock = clock
        self.random = random.Random(seed)
        self._partitions = dict(partitions or {})
        self._logs: dict[str, list[list[Record]]] = {}
        self._groups: dict[str, Group] = {}
        self.listeners: list[GroupMember] = []
        """Who is woken by what is written."""
        self._failures: list[bool] = []

    def log(self, topic: str, namespace: str = "") -> list[list[Record]]:
        """The records of a topic, by partition."""
        name = prefix_of(namespace) + topic
        if name not in self._logs:
            channel = BY_TOPIC.get(topic)
            default = channel.partitions if channel else PARTITIONS_DEFAULT
            self._logs[name] = [[] for _ in range(self._partitions.get(topic, default))]
        return self._logs[name]

    def records(self, topic: str, namespace: str = "") -> list[Record]:
        """Every record of a topic, partition after partition."""
        return [record for partition in self.log(topic, namespace) for record in partition]

    def committed(self, group: str, topic: str, partition: int, namespace: str = "") -> int:
        """The offset that a group goes on from."""
        return self.group(prefix_of(namespace) + group).offsets.get((topic, partition), 0)

    def lag(self, group: str, topic: str, namespace: str = "") -> int:
        """How many records of the topic the group has not committed."""
        log = self.log(topic, namespace)
        return sum(len(part) - self.committed(group, topic, index, namespace) for index, part in enumerate(log))

    def fail_publishes(self, count: int, *, written: bool = False) -> None:
        """Fault: the next so many publishes raise BusError; `written` says whether the records are there all the same."""
        self._failures.extend([written] * count)

    def redeliver(self, group: str, topic: str, partition: int, offset: int, namespace: str = "") -> None:
        """Fault: the group reads the partition again from `offset`, as after a lost commit."""
        found = self.group(prefix_of(namespace) + group)
        found.offsets[topic, partition] = offset
        for reader in found.readers:
            if (topic, partition) in reader.member.slots:
                reader.take([(topic, partition)])

    def append(self, records: Sequence[Outgoing], namespace: str = "") -> None:
        """Write, and wake those who read. Raises BusError when a fault says so."""
        failure = self._failures.pop(0) if self._failures else None
        if failure is not False:
            self._write(records, namespace)
        if failure is not None:
            raise BusError("The broker did not acknowledge the records.")

    def _write(self, records: Sequence[Outgoing], namespace: str) -> None:
        now_ms = int(self.clock.now().timestamp() * 1000)
        for record in records:
            log = self.log(record.topic, namespace)
            partition = partition_of(record.key, len(log))
            offset = len(log[partition])
            headers = tuple(record.headers)
            log[partition].append(Record(record.topic, partition, offset, record.key, record.value, headers, now_ms))
        topics = {record.topic for record in records}
        for reader in self.listeners:
            if reader.namespace == namespace and not topics.isdisjoint(reader.topics):
                reader.wake.set()

    def group(self, name: str) -> Group:
        """The group of that name, which is there from the first question on."""
        if name not in self._groups:
            self._groups[name] = Group(self)
        return self._groups[name]


class Group:
    """The members of a group, in the order in which they joined, and what the group has committed."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.offsets: dict[Place, int] = {}
        self.refused: list[tuple[Place, int]] = []
        """What was to be committed of partitions by who had given them away."""
        self._owners: dict[Place, GroupMember] = {}
        self.readers: list[GroupMember] = []
        self._broker = broker
        self._lock = asyncio.Lock()
        self._rebalances: set[asyncio.Task[None]] = set()

    async def join(self, reader: GroupMember) -> None:
        self.readers.append(reader)
        await self._rebalanced()

    async def leave(self, reader: GroupMember) -> None:
        if reader in self.readers:
            self.readers.remove(reader)
            reader.revoke()
            await self._rebalanced()

    def commit(self, reader: GroupMember, offsets: Mapping[Place, int]) -> None:
        """As a broker does: of what the reader does not own nothing is taken."""
        for place, offset in offsets.items():
            if self._owners.get(place) is reader:
                self.offsets[place] = offset
            else:
                self.refused.append((place, offset))

    async def _rebalanced(self) -> None:
        """The broker's own work: it comes to its end also when the member that caused it dies meanwhile."""
        task = asyncio.get_running_loop().create_task(self._rebalance(), context=Context())
        self._rebalances.add(task)
        task.add_done_callback(self._rebalances.discard)
        await asyncio.shield(task)

    async def _rebalance(self) -> None:
        """Everyone drains, commits and is fenced; then the partitions are dealt out anew, as the eager protocol does."""
        async with self._lock:
            readers = list(self.readers)
            await asyncio.gather(*(reader.member.drain(reader.rebalance_drain_s) for reader in readers))
            for reader in readers:
                reader.commit()
                reader.revoke()
            self._owners.clear()
            shares: dict[int, list[Place]] = {id(reader): [] for reader in self.readers}
            for topic in sorted({topic for reader in self.readers for topic in reader.topics}):
                takers = [reader for reader in self.readers if topic in reader.topics]
                for partition in range(len(takers[0].log(topic))):
                    owner = takers[partition % len(takers)]
                    shares[id(owner)].append((topic, partition))
                    self._owners[topic, partition] = owner
            for reader in self.readers:
                reader.take(shares[id(reader)])
