"""The bus in memory: partitions, offsets, groups, commits, redelivery and rebalance, as a broker would do them.

Several `MemoryBus` members share one `MemoryBroker`. Nothing here sleeps but through the clock, and the same calls with the
same seed give the same order, so a simulation can drive it on a virtual clock. The broker has hooks for faults.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import Context

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.bus.committing import Committer
from queuebit_runtime.bus.delivery import Member, Place
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import BusError, Outgoing, Record, Subscription
from queuebit_runtime.bus.record_size import check_size
from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.waiting import end_task

PARTITIONS_DEFAULT = 4
COMMIT_INTERVAL_S = 0.1
REBALANCE_DRAIN_S = 3.0


def _prefix(namespace: str) -> str:
    return f"{namespace}." if namespace else ""


class MemoryBroker:
    """The logs and the groups. What it keeps is lost with it."""

    def __init__(self, clock: Clock, *, seed: int = 0, partitions: Mapping[str, int] | None = None) -> None:
        """`partitions` overrides the channel table; an unknown topic has four."""
        self.clock = clock
        self.random = random.Random(seed)
        self._partitions = dict(partitions or {})
        self._logs: dict[str, list[list[Record]]] = {}
        self._groups: dict[str, _Group] = {}
        self._listeners: list[_Reader] = []
        self._failures: list[bool] = []

    def log(self, topic: str, namespace: str = "") -> list[list[Record]]:
        """The records of a topic, by partition."""
        name = _prefix(namespace) + topic
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
        return self._group(_prefix(namespace) + group).offsets.get((topic, partition), 0)

    def lag(self, group: str, topic: str, namespace: str = "") -> int:
        """How many records of the topic the group has not committed."""
        log = self.log(topic, namespace)
        return sum(len(part) - self.committed(group, topic, index, namespace) for index, part in enumerate(log))

    def fail_publishes(self, count: int, *, written: bool = False) -> None:
        """Fault: the next so many publishes raise BusError; `written` says whether the records are there all the same."""
        self._failures.extend([written] * count)

    def redeliver(self, group: str, topic: str, partition: int, offset: int, namespace: str = "") -> None:
        """Fault: the group reads the partition again from `offset`, as after a lost commit."""
        found = self._group(_prefix(namespace) + group)
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
        for reader in self._listeners:
            if reader.namespace == namespace and not topics.isdisjoint(reader.topics):
                reader.wake.set()

    def _group(self, name: str) -> _Group:
        if name not in self._groups:
            self._groups[name] = _Group(self)
        return self._groups[name]


class _Group:
    """The members of a group, in the order in which they joined, and what the group has committed."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.offsets: dict[Place, int] = {}
        self.readers: list[_Reader] = []
        self._broker = broker
        self._lock = asyncio.Lock()
        self._rebalances: set[asyncio.Task[None]] = set()

    async def join(self, reader: _Reader) -> None:
        self.readers.append(reader)
        await self._rebalanced()

    async def leave(self, reader: _Reader) -> None:
        if reader in self.readers:
            self.readers.remove(reader)
            reader.revoke()
            await self._rebalanced()

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
            shares: dict[int, list[Place]] = {id(reader): [] for reader in self.readers}
            for topic in sorted({topic for reader in self.readers for topic in reader.topics}):
                takers = [reader for reader in self.readers if topic in reader.topics]
                for partition in range(len(takers[0].log(topic))):
                    shares[id(takers[partition % len(takers)])].append((topic, partition))
            for reader in self.readers:
                reader.take(shares[id(reader)])


class _Reader:
    """One subscription of one member: pulls from the logs and delivers."""

    def __init__(self, broker: MemoryBroker, bus: MemoryBus, subscription: Subscription) -> None:
        self.topics = subscription.topics
        self.namespace = bus.namespace
        self.group = _prefix(bus.namespace) + subscription.group
        self.wake = asyncio.Event()
        self.rebalance_drain_s = bus.rebalance_drain_s
        self.member = Member(
            subscription,
            broker.clock,
            fraction=broker.random.random,
            on_done=self._touch,
        )
        self._broker = broker
        self._positions: dict[Place, int] = {}
        self._behind: dict[Place, int] = {}
        self._turn = 0
        self._committer = Committer(broker.clock, bus.commit_interval_s, self._commit_soon)
        self._task: asyncio.Task[object] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done() and self.member.broken is None

    async def start(self) -> None:
        self._broker._listeners.append(self)
        self._task = asyncio.ensure_future(self._run())
        if self.member.subscription.broadcast:
            self.take([(topic, index) for topic in self.topics for index in range(len(self.log(topic)))])
        else:
            await self._broker._group(self.group).join(self)

    async def stop(self, drain_s: float) -> None:
        await self.member.drain(drain_s)
        self.commit()
        await self.crash()
        if not self.member.subscription.broadcast:
            await self._broker._group(self.group).leave(self)

    async def crash(self) -> None:
        """End at once: nothing is drained and nothing is committed."""
        if self in self._broker._listeners:
            self._broker._listeners.remove(self)
        self.revoke()
        await self._committer.end()
        await end_task(self._task)
        await self.member.end()

    def log(self, topic: str) -> list[list[Record]]:
        return self._broker.log(topic, self.namespace)

    def take(self, places: Sequence[Place]) -> None:
        """These partitions are ours, from where the group stands (a broadcast reads from now on, or from the start)."""
        offsets = self._broker._group(self.group).offsets
        self.member.assign(places)
        for topic, partition in places:
            end = len(self.log(topic)[partition])
            wanted = self.member.subscription
            start = end if wanted.broadcast and not wanted.from_start else offsets.get((topic, partition), 0)
            if wanted.from_age_s is not None:
                since_ms = (self._broker.clock.now().timestamp() - wanted.from_age_s) * 1000
                start = bisect_left(self.log(topic)[partition], since_ms, key=lambda record: record.timestamp_ms)
            self._positions[topic, partition] = start
            if wanted.broadcast:
                self._behind[topic, partition] = end
        self.wake.set()

    def revoke(self) -> None:
        self.member.fence(list(self.member.slots))
        self._positions.clear()

    def commit(self) -> None:
        if self.member.subscription.broadcast:
            return
        offsets = self.member.committable()
        self._broker._group(self.group).offsets.update(offsets)
        self.member.committed(offsets)

    def lags(self) -> dict[Place, int]:
        """The records of each of our partitions that are not done; of a broadcast none is waited for."""
        if self.member.subscription.broadcast:
            return {}
        ends = {place: len(self.log(place[0])[place[1]]) for place in self.member.slots}
        return self.member.lags(ends, self._positions)

    async def _commit_soon(self) -> None:
        self.commit()

    def _touch(self) -> None:
        self._committer.touch()
        self.wake.set()

    async def _run(self) -> None:
        while True:
            self.wake.clear()
            self._tell_caught_up()
            if batch := self._poll():
                await self.member.deliver(batch)
            else:
                await self.wake.wait()

    def _tell_caught_up(self) -> None:
        """Called when nothing is being handled."""
        if self._behind and all(self._positions.get(place, 0) >= end for place, end in self._behind.items()):
            self._behind.clear()
            if self.member.subscription.caught_up is not None:
                self.member.subscription.caught_up()

    def _poll(self) -> list[Record]:
        """Up to the room there is, partitions taking turns to be first."""
        room = self.member.room
        places = list(self._positions)
        batch: list[Record] = []
        if room == 0 or not places:
            return batch
        self._turn = (self._turn + 1) % len(places)
        for topic, partition in places[self._turn :] + places[: self._turn]:
            position = self._positions[topic, partition]
            found = self.log(topic)[partition][position : position + room - len(batch)]
            self._positions[topic, partition] = position + len(found)
            batch += found
        return batch


class MemoryBus:
    """One member: its subscriptions and its way to publish."""

    def __init__(
        self,
        broker: MemoryBroker,
        *,
        namespace: str = "",
        commit_interval_s: float = COMMIT_INTERVAL_S,
        rebalance_drain_s: float = REBALANCE_DRAIN_S,
    ) -> None:
        self.namespace = namespace
        self.commit_interval_s = commit_interval_s
        self.rebalance_drain_s = rebalance_drain_s
        self._broker = broker
        self._readers: list[_Reader] = []
        self._started = False
        self._stopped = False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if not self._started or self._stopped:
            raise BusError("The bus is not running.")
        for record in records:
            check_size(record)
        self._broker.append(records, self.namespace)
        await asyncio.sleep(0)

    def subscribe(self, subscription: Subscription) -> None:
        assert not self._started, "subscribe before start"
        self._readers.append(_Reader(self._broker, self, subscription))

    async def start(self) -> None:
        self._started = True
        for reader in self._readers:
            await reader.start()

    async def stop(self, drain_s: float = 10.0) -> None:
        """Publishing works until everything is drained, as handlers in flight publish."""
        await asyncio.gather(*(reader.stop(drain_s) for reader in self._readers))
        self._stopped = True

    async def crash(self) -> None:
        """Fault: the process is gone. The group goes on without it and reads again what it had not committed."""
        self._stopped = True
        for reader in self._readers:
            await reader.crash()
        for reader in self._readers:
            if not reader.member.subscription.broadcast:
                await self._broker._group(reader.group).leave(reader)

    def healthy(self) -> bool:
        return not self.stuck() and not any(reader.member.failing for reader in self._readers)

    def stuck(self) -> BusError | None:
        if not self._started or self._stopped or not all(reader.running for reader in self._readers):
            return BusError("Nothing moves on the bus.")
        return None

    async def probe(self) -> Reason | None:
        return None

    def lags(self) -> Mapping[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for reader in self._readers:
            group = reader.member.subscription.group
            for place, offset in reader.lags().items():
                found[group, place[0]] += offset
        return found
