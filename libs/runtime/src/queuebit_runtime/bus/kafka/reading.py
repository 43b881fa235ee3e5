"""Reading from Kafka: the reader of one subscription polls, delivers, commits and gives away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial

from aiokafka import (  # type: ignore[import-untyped]
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
)

from queuebit_runtime.bus.committing import Committer
from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.kafka.beginning import Beginning
from queuebit_runtime.bus.kafka.liveness import Liveness
from queuebit_runtime.bus.kafka.polling import Poller, ReadAgain, of_a_batch
from queuebit_runtime.bus.kafka.settings import ReadSettings
from queuebit_runtime.bus.kafka.standing import Standing, pulse
from queuebit_runtime.bus.kafka.twins import Claim, start_guarded
from queuebit_runtime.bus.port import BusError, Record, Subscription
from queuebit_runtime.bus.slots import Place
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task, wait_event

CLOSE_TIMEOUT_S = 5.0

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
        read_again: ReadAgain,
    ) -> None:
        self.settings = settings
        self.member = Member(subscription, clock, fraction=fraction, on_done=self._on_done)
        self.liveness = Liveness(subscription.group, clock, settings.stall_s)
        self._assigned = asyncio.Event()
        self._prefix = prefix
        self._names = {prefix + topic: topic for topic in subscription.topics}
        self._clock = clock
        self._read_again = read_again
        self._consumer: AIOKafkaConsumer | None = None
        self._poller: Poller | None = None
        self._standing: Standing | None = None
        self._committer = Committer(clock, settings.commit_interval_s, self._commit)
        self._beginning = Beginning(subscription, self._names, clock)
        self._paused = False
        self._leaving = False
        self._handled = 0

    async def start(self, consumer: AIOKafkaConsumer, claim: Claim | None) -> None:
        """Join with the consumer and begin to read. A broadcast stands where it begins to read when this returns. Raises
        KafkaError, and InstanceTaken.
        """
        self._consumer = consumer
        self._poller = Poller(consumer, self._read_again, self._clock)
        self._standing = Standing(consumer, self.member, self._prefix)
        consumer.subscribe(topics=list(self._names), listener=self)
        if claim is None:
            await consumer.start()
        else:
            instance, told = claim.instance, self.liveness
            on_taken, on_doubt = partial(self._taken, instance), partial(told.doubted, instance)
            await start_guarded(consumer, claim, self._clock, on_taken=on_taken, on_doubt=on_doubt)
            told.ensure_ours()
        if self.member.subscription.broadcast:
            places = sorted(consumer.assignment())
            # Else a first fetch, which may wait for long where nothing is said, would hold up all that is asked meanwhile.
            consumer.pause(*places)
            self.member.assign([self._place(each) for each in places])
            await self._beginning.go_back(consumer, places)
            self._poller.restart({each: await consumer.position(each) for each in places})
            consumer.resume(*places)
            self._assigned.set()
        self.liveness.loop = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Until it leaves. An error that loses records for this process ends it: a restart reads them again."""
        try:
            while not self._leaving:
                if records := await self._poll():
                    await self._deliver(records)
        except ConsumerStoppedError:
            return
        except Exception:
            self._leaving = True
            self.liveness.broken()
            self.member.fence(list(self.member.slots))

    async def _poll(self) -> list[ConsumerRecord]:
        """What is there once the partitions are known; no more than there is room for."""
        if not await wait_event(self._assigned, self._clock, self.settings.poll_wait_ms / 1000):
            return []
        poller = self._poller
        assert poller is not None
        try:
            if self._standing is not None:
                await self._standing.look_behind()
            if self._consumer is not None and not poller.holds_some:
                await self._look_back(self._consumer, poller)
            records = await poller.poll(self.settings.poll_wait_ms, max(1, self.member.room))
        except (ConsumerStoppedError, IllegalStateError):
            # The second: the partitions were given away meanwhile.
            if self._leaving:
                raise ConsumerStoppedError from None
            return []
        except KafkaError as error:
            if of_a_batch(error):
                raise
            self.liveness.refused(error)
            await self._clock.sleep(self.settings.refused_pause_s)
            return []
        self.liveness.answered()
        if records:
            await self._assigned.wait()
        return records

    async def _look_back(self, consumer: AIOKafkaConsumer, poller: Poller) -> None:
        """Called when nothing is being handled: what was not enough is read again, from its beginning."""
        again = await self._beginning.look_back(consumer)
        if again:
            self.member.assign([self._place(each) for each in again])
            poller.restart({each: await consumer.position(each) for each in consumer.assignment()})

    async def _deliver(self, raw: Sequence[ConsumerRecord]) -> None:
        names = self._names
        records = [
            Record(names[each.topic], each.partition, each.offset, each.key, each.value, each.headers, each.timestamp)
            for each in raw
        ]
        if self.member.broken is not None:
            raise self.member.broken
        self._handled += 1
        await self.member.deliver(records)
        self._handled += 1
        if self.member.full and not await self.member.room_again(self.settings.full_wait_s):
            self._pause()

    def _taken(self, instance: str, by: str) -> None:
        """We read and commit no more."""
        self.liveness.taken(instance, by)
        self._leaving = True
        self.member.fence(list(self.member.slots))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Drain, commit, fence."""
        self._assigned.clear()
        if not revoked:
            return
        await self.member.drain(self.settings.rebalance_drain_s)
        await self._commit()
        self.member.fence(list(self.member.slots))
        if self._poller is not None:
            self._poller.restart()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.member.fence(list(self.member.slots))
        self.member.assign([self._place(each) for each in sorted(assigned)])
        if self._standing is not None:
            self._standing.restart()
        self._paused = False
        self._assigned.set()

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
        """Leave, within a few seconds."""
        self._leaving = True
        await end_task(self.liveness.loop)
        await self.member.end()
        await self._committer.end()
        consumer, self._consumer, self._standing = self._consumer, None, None
        if consumer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await consumer.stop()

    def healthy(self) -> bool:
        """Whether it reads, and what it reads gets done."""
        stands_aside = self.liveness.in_doubt or self.liveness.refused_for_long
        return self.stuck() is None and not self.member.failing and not stands_aside

    def stuck(self) -> BusError | None:
        """As `HostedBus.stuck`: reading has ended, or nothing moved for long, no batch, no position, not even the answers of
        the broker. Ask now and then.
        """
        if (error := self.liveness.stuck(leaving=self._leaving)) is not None:
            return error
        if self.member.broken is not None:
            return BusError(f"Reading of group {self.member.subscription.group} has ended.")
        consumer = self._consumer
        if consumer is None or not self._assigned.is_set():
            return None
        member = self.member
        moved = (self._handled, member.handler_failures, member.in_flight, self._paused, *pulse(consumer))
        return self.liveness.still(moved, excused=self._paused)

    async def look_ahead(self) -> None:
        if self._standing is not None:
            await self._standing.look_ahead(paused=self._paused)

    def lags(self) -> dict[Place, int]:
        """The records of each of our partitions that are not done, as far as its end is known; of a broadcast none."""
        if self._standing is None or self.member.subscription.broadcast:
            return {}
        return self._standing.lags()

    def gone(self) -> dict[str, int]:
        """By topic, how many records were gone unread."""
        return {} if self._standing is None else dict(self._standing.gone)

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
