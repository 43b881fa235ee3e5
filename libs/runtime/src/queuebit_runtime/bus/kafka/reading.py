"""Reading from Kafka: the reader of one subscription delivers, commits and gives away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
    UnsupportedCodecError,
)

from queuebit_runtime.bus.committing import Committer
from queuebit_runtime.bus.delivery import FAILING_S, Member, Place
from queuebit_runtime.bus.kafka.consumer import PatientConsumer, RawBatch, ReadSettings
from queuebit_runtime.bus.port import BusError, InstanceTaken, Record, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event

LOOK_AHEAD_TIMEOUT_S = 0.5

_log = logging.getLogger(__name__)


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]
    """One subscription at work on Kafka."""

    def __init__(
        self,
        subscription: Subscription,
        prefix: str,
        settings: ReadSettings,
        clock: Clock,
        fraction: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.member = Member(subscription, clock, fraction=fraction, on_done=self._on_done)
        self.assigned = asyncio.Event()
        self.loop: asyncio.Task[Any] | None = None
        self.refused_since_s: float | None = None
        self._prefix = prefix
        self._names = {prefix + topic: topic for topic in subscription.topics}
        self._clock = clock
        self._consumer: PatientConsumer | None = None
        self._committer = Committer(clock, settings.commit_interval_s, self._commit)
        self._behind: dict[TopicPartition, int] = {}
        self._paused = False
        self._leaving = False
        self._broken = False
        self._taken: InstanceTaken | None = None
        self._ends: dict[Place, int] = {}
        self._handled = 0
        self._moved: tuple[object, ...] = ()
        self._moved_at_s = clock.monotonic_s()

    async def started(self, consumer: PatientConsumer) -> None:
        """The consumer has joined. A broadcast stands where it begins to read when this returns."""
        self._consumer = consumer
        if self.member.subscription.broadcast:
            places = sorted(consumer.assignment())
            self.member.assign([self._place(each) for each in places])
            await self._go_back(consumer, places)
            for each in places:
                await consumer.position(each)
            self.assigned.set()

    async def _go_back(self, consumer: PatientConsumer, places: Sequence[TopicPartition]) -> None:
        """Where the subscription says so, to the first record of its age; and note where the topic ends now."""
        wanted = self.member.subscription
        if wanted.caught_up is None and wanted.from_age_s is None:
            return
        self._behind = await consumer.end_offsets(places)
        age_s = wanted.from_age_s
        if age_s is None:
            return
        since_ms = max(0, int((self._clock.now().timestamp() - age_s) * 1000))
        found = await consumer.offsets_for_times(dict.fromkeys(places, since_ms))
        for place in places:
            at = found.get(place)
            consumer.seek(place, self._behind[place] if at is None else at.offset)

    async def look_back(self) -> None:
        """Tell once that all is handled of what was there at the start. Called when nothing is being handled."""
        consumer = self._consumer
        if not self._behind or consumer is None or not self.assigned.is_set():
            return
        for place, end in self._behind.items():
            if await consumer.position(place) < end:
                return
        self._behind = {}
        if self.member.subscription.caught_up is not None:
            self.member.subscription.caught_up()

    async def may_read(self) -> bool:
        """Whether a poll makes sense now; pauses a little where it does not."""
        if self._leaving:
            await asyncio.sleep(0.05)
            return False
        return await wait_event(self.assigned, self._clock, self.settings.poll_wait_ms / 1000)

    async def on_batch(self, batch: RawBatch) -> None:
        """Called by FastStream, one batch after another. FastStream would swallow an error and go on, and the batch were lost
        for this process; so after one nothing more is read, and the bus is not healthy.
        """
        try:
            await self._on_batch(batch)
        except Exception:
            self._break_off()

    def broken_by(self, error: Exception) -> bool:
        """A poll has failed. Whether reading has ended by it. After an answer of the broker it has not: FastStream pauses and
        polls again. Any other error loses for this process what the poll had taken from other partitions: so nothing more is
        read or committed, and a restart reads it again.
        """
        if not isinstance(error, KafkaError) or isinstance(error, (CorruptRecordException, UnsupportedCodecError)):
            self._break_off()
            return True
        if self.refused_since_s is None:
            self.refused_since_s = self._clock.monotonic_s()
        _log.error("Kafka gives group %s nothing to read: %r", self.member.subscription.group, error)
        return False

    def _break_off(self) -> None:
        """Called while an error is handled."""
        _log.exception(
            "Reading of group %s has ended: the process must be restarted. Where it ends so again, the error names the place:"
            " repair that partition, or move the group's offset past it.",
            self.member.subscription.group,
        )
        self._broken = self._leaving = True
        self.member.fence(list(self.member.slots))

    def taken(self, instance: str, by: str) -> None:
        """Another process has our instance id: we read and commit no more."""
        self._taken = InstanceTaken(
            f"Another live process took the group instance id {instance} of group {self.member.subscription.group}: {by}."
            " Stop one of the two, or give each its own QUEUEBIT_GROUP_INSTANCE (or none)."
        )
        self._leaving = True
        self.member.fence(list(self.member.slots))

    async def _on_batch(self, batch: RawBatch) -> None:
        names = self._names
        records = [
            Record(names[raw.topic], raw.partition, raw.offset, raw.key, raw.value, tuple(raw.headers), raw.timestamp)
            for raw in batch
        ]
        if self.member.broken is not None:
            raise self.member.broken
        self._handled += 1
        await self.member.deliver(records)
        self._handled += 1
        if self.member.full and not await self.member.room_again(self.settings.full_wait_s):
            self._pause()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Drain, commit, fence."""
        self.assigned.clear()
        if not revoked:
            return
        await self.member.drain(self.settings.rebalance_drain_s)
        await self._commit()
        self.member.fence(list(self.member.slots))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.member.fence(list(self.member.slots))
        self.member.assign([self._place(each) for each in sorted(assigned)])
        self._ends = {}
        self._paused = False
        self.assigned.set()

    async def drain(self, timeout_s: float) -> None:
        """Read no more, wait for what is in flight, commit, and let nothing be committed later."""
        self._leaving = True
        await self.member.drain(timeout_s)
        await self._commit()
        self.member.fence(list(self.member.slots))

    async def drop(self) -> None:
        """Forget what is in flight, and commit nothing."""
        self._leaving = True
        self.member.fence(list(self.member.slots))
        await self.member.end()
        await self._committer.end()

    async def end(self) -> None:
        await self.member.end()
        await self._committer.end()
        self._consumer = None

    def healthy(self) -> bool:
        """Whether it reads, and what it reads gets done."""
        return self.stuck() is None and not self.member.failing and self._refused_for_s() < FAILING_S

    def excuse(self) -> None:
        """No broker answers: that nothing moves is no fault of ours."""
        self._moved_at_s = self._clock.monotonic_s()
        if self.refused_since_s is not None:
            self.refused_since_s = self._moved_at_s

    def stuck(self) -> BusError | None:
        """As `HostedBus.stuck`: reading has ended, or nothing moved for long, no batch, no position, not even the answers of
        the broker. Ask now and then.
        """
        group = self.member.subscription.group
        if self._taken is not None:
            return self._taken
        if self._broken or self.member.broken is not None:
            return BusError(f"Reading of group {group} has ended.")
        if self._refused_for_s() >= self.settings.stall_s:
            return BusError(f"Kafka has refused group {group} for too long.")
        if self.loop is not None and self.loop.done() and not self._leaving:
            return BusError(f"The loop that reads for group {group} has ended.")
        return BusError(f"Nothing moved in group {group} for too long.") if self._stands_still() else None

    def _stands_still(self) -> bool:
        consumer = self._consumer
        if consumer is None or not self.assigned.is_set():
            return False
        now_s = self._clock.monotonic_s()
        moved = (
            self._handled,
            self.member.handler_failures,
            self.member.in_flight,
            self._paused,
            *self._pulse(consumer),
        )
        if moved != self._moved or self._paused:
            self._moved, self._moved_at_s = moved, now_s
        return now_s - self._moved_at_s >= self.settings.stall_s

    def _refused_for_s(self) -> float:
        return 0.0 if self.refused_since_s is None else self._clock.monotonic_s() - self.refused_since_s

    def _pulse(self, consumer: PatientConsumer) -> Sequence[object]:
        with contextlib.suppress(IllegalStateError, AssertionError):
            return [consumer.last_poll_timestamp(each) for each in sorted(consumer.assignment())]
        return ()

    async def look_ahead(self) -> None:
        """Ask where the partitions end while nothing is fetched, whose answers would tell it."""
        if self._consumer is None or not self._paused:
            return
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(LOOK_AHEAD_TIMEOUT_S):
                found = await self._consumer.end_offsets(self._partitions())
            self._ends = {self._place(partition): end for partition, end in found.items()}

    def lags(self) -> dict[Place, int]:
        """The records of each of our partitions that are not done, as far as its end is known."""
        consumer = self._consumer
        if consumer is None or self.member.subscription.broadcast:
            return {}
        ends: dict[Place, int] = {}
        positions: dict[Place, int] = {}
        with contextlib.suppress(IllegalStateError, AssertionError):
            for partition in consumer.assignment():
                place = self._place(partition)
                end, position = consumer.standing(partition)
                if end is not None:
                    ends[place] = max(end, self._ends.get(place, 0))
                    positions[place] = position
        return self.member.lags(ends, positions)

    def _place(self, partition: TopicPartition) -> Place:
        return (self._names[partition.topic], partition.partition)

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic, partition) for topic, partition in self.member.slots]

    def _on_done(self) -> None:
        self._committer.touch()
        if self._paused and not self.member.full:
            self._resume()

    def _pause(self) -> None:
        """Fetch nothing, but go on polling: a member that does not poll is put out of the group."""
        if self._consumer is not None and self.member.full:
            self._paused = True
            with contextlib.suppress(IllegalStateError):
                self._consumer.pause(*self._partitions())

    def _resume(self) -> None:
        self._paused = False
        if self._consumer is not None:
            with contextlib.suppress(IllegalStateError):
                self._consumer.resume(*self._partitions())

    async def _commit(self) -> None:
        """Commit every prefix that has grown. What fails is committed with the next, or read again by whoever comes."""
        offsets = self.member.committable()
        if self.member.subscription.broadcast or not offsets or self._consumer is None:
            return
        kafka = {TopicPartition(self._prefix + topic, number): offset for (topic, number), offset in offsets.items()}
        try:
            async with asyncio.timeout(self.settings.commit_timeout_s):
                await self._consumer.commit(kafka)
        except (CommitFailedError, IllegalStateError):
            _log.info("A commit of group %s came too late.", self.member.subscription.group)
        except (KafkaError, TimeoutError) as error:
            _log.warning("A commit of group %s failed: %r", self.member.subscription.group, error)
        else:
            self.member.committed(offsets)
