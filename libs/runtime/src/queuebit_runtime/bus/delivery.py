"""Delivery as every adapter of the bus does it: a `Member` is one subscription at work. It calls the handler, tries again after
a failure, bounds what is in flight and knows what may be committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from queuebit_runtime.bus.port import Record, Subscription
from queuebit_runtime.bus.slots import LARGE_BYTES, Place, Slot
from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import FOR_HANDLERS, Backoff
from queuebit_runtime.waiting import end_task, wait_event

FAILING_S = 30.0
"""A handler that has failed so long on the same records, and none of them is done meanwhile, needs somebody to look."""

_log = logging.getLogger(__name__)


class Batch:
    """A delivery: records, and the slots that they belong to."""

    __slots__ = ("_member", "_slots", "records")

    def __init__(self, member: Member, records: Sequence[Record], slots: Mapping[Place, Slot]) -> None:
        self.records = records
        self._member = member
        self._slots = slots

    def done(self, record: Record) -> None:
        slot = self._slots[record.topic, record.partition]
        if slot.done(record.offset):
            self._member._closed(1)

    def done_all(self) -> None:
        slots = self._slots
        closed = 0
        for record in self.records:
            closed += slots[record.topic, record.partition].done(record.offset)
        if closed:
            self._member._closed(closed)

    def wanted(self, record: Record) -> bool:
        return self._slots[record.topic, record.partition].is_open(record.offset)

    def rest(self) -> Batch:
        """What is neither done nor given away."""
        return Batch(self._member, [record for record in self.records if self.wanted(record)], self._slots)


class Member:
    """One subscription at work in one process."""

    def __init__(
        self,
        subscription: Subscription,
        clock: Clock,
        *,
        fraction: Callable[[], float],
        backoff: Backoff = FOR_HANDLERS,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        """`fraction` gives the jitter; `on_done` is called whenever something was said to be done or was given away."""
        self.subscription = subscription
        self.slots: dict[Place, Slot] = {}
        self.in_flight = 0
        self.handler_failures = 0
        self._clock = clock
        self._fraction = fraction
        self._backoff = backoff
        self._on_done = on_done
        self._handling = 0
        self._given_up = 0
        self._full = False
        self._draining = asyncio.Event()
        self._changed = asyncio.Event()
        self._room_to_overlap = asyncio.Semaphore(subscription.overlap)
        self._overlapping: set[asyncio.Task[None]] = set()
        self._failing: dict[Batch, float] = {}
        self.broken: BaseException | None = None

    @property
    def full(self) -> bool:
        """Whether so much is in flight that delivery pauses; it goes on when half of it is done."""
        limit, bytes_max = self.subscription.in_flight_max, self.subscription.in_flight_bytes_max
        large = self.large_bytes
        if self.in_flight >= limit or large >= bytes_max:
            self._full = True
        elif self.in_flight <= limit // 2 and large <= bytes_max // 2:
            self._full = False
        return self._full

    @property
    def large_bytes(self) -> int:
        """How many bytes the large records that are not done have."""
        return sum([sum(slot.large.values()) for slot in self.slots.values() if slot.large])

    @property
    def room(self) -> int:
        """How many records may be delivered now."""
        if self._draining.is_set() or self.full:
            return 0
        return min(self.subscription.batch_max, self.subscription.in_flight_max - self.in_flight)

    @property
    def failing(self) -> bool:
        """Whether the handler has failed on the same records for FAILING_S or longer, with no success."""
        return bool(self._failing) and self._clock.monotonic_s() - min(self._failing.values()) >= FAILING_S

    def assign(self, places: Iterable[Place]) -> None:
        """These partitions are ours now, with nothing in flight."""
        self._draining.clear()
        self._given_up = 0
        for place in places:
            self.fence((place,))
            self.slots[place] = Slot(place)

    def fence(self, places: Iterable[Place]) -> None:
        """These partitions are no longer ours: nothing said about their records counts any more."""
        for place in places:
            slot = self.slots.pop(place, None)
            if slot is not None:
                slot.live = False
                self._closed(slot.open_count)

    async def deliver(self, records: Sequence[Record]) -> None:
        """Hand the records over. Returns when they are handled, or, where deliveries may overlap, when the next may come."""
        batch = self._open(records)
        if self.subscription.overlap == 1:
            await self._handle(batch)
            return
        await self._room_to_overlap.acquire()
        task = asyncio.ensure_future(self._handle(batch))
        self._overlapping.add(task)
        task.add_done_callback(self._overlapped)

    async def end(self) -> None:
        """Stop at once what still overlaps."""
        for task in list(self._overlapping):
            await end_task(task)

    def _overlapped(self, task: asyncio.Task[None]) -> None:
        self._overlapping.discard(task)
        self._room_to_overlap.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = error

    def _failed(self, first: Batch, batch: Batch) -> None:
        """The handler has raised. `first` is what was delivered, `batch` what was left of it."""
        self.handler_failures += 1
        now_s = self._clock.monotonic_s()
        for_s = now_s - self._failing.setdefault(first, now_s)
        group, count, record = self.subscription.group, len(batch.records), batch.records[0]
        if for_s < FAILING_S:
            _log.warning("The handler of group %s failed on %d records; they come again.", group, count, exc_info=True)
            return
        _log.error(
            "The handler of group %s has failed for %.0f s on the same %d records, from %s/%d@%d: nothing behind them is done."
            " Mend what the error names, or move the group's offset past a record that can never be handled.",
            group,
            for_s,
            count,
            record.topic,
            record.partition,
            record.offset,
            exc_info=True,
        )

    async def _handle(self, batch: Batch) -> None:
        """Call the handler until it returns; give up only what is given away meanwhile or at the end of the service."""
        attempt, first = 0, batch
        while batch.records:
            self._handling += 1
            try:
                await self.subscription.handler(batch)
            except Exception:
                self._failed(first, batch)
            else:
                self._failing.pop(first, None)
                return
            finally:
                self._handling -= 1
                self._changed.set()
            attempt += 1
            delay_s = self._backoff.delay_s(attempt, self._fraction())
            assert delay_s is not None, "a handler is tried again without end"
            draining = await wait_event(self._draining, self._clock, delay_s)
            rest = batch.rest()
            if draining or len(rest.records) < len(batch.records):
                self._failing.pop(first, None)
            batch = rest
            if draining:
                self._given_up += len(batch.records)
                self._changed.set()
                return

    def committable(self) -> dict[Place, int]:
        """For each partition whose prefix of done records has grown, the offset to commit. Say `committed` afterwards."""
        found: dict[Place, int] = {}
        for place, slot in self.slots.items():
            offset = slot.prefix()
            if offset is not None and offset != slot.committed:
                found[place] = offset
        return found

    def lags(self, ends: Mapping[Place, int], positions: Mapping[Place, int]) -> dict[Place, int]:
        """How many records of each partition are not done. `positions`: where those stand of which nothing was delivered."""
        found: dict[Place, int] = {}
        for place, end in ends.items():
            slot = self.slots.get(place)
            done = slot.prefix() if slot is not None else None
            found[place] = max(0, end - (positions.get(place, end) if done is None else done))
        return found

    def committed(self, offsets: Mapping[Place, int]) -> None:
        for place, offset in offsets.items():
            if (slot := self.slots.get(place)) is not None:
                slot.committed = offset

    async def drain(self, timeout_s: float) -> bool:
        """Deliver no more, and wait at most so long until nothing is in flight. Whether nothing is."""
        self._draining.set()
        deadline = self._clock.monotonic_s() + timeout_s
        while self._handling or self.in_flight > self._given_up:
            self._changed.clear()
            if not await wait_event(self._changed, self._clock, deadline - self._clock.monotonic_s()):
                return False
        return True

    async def room_again(self, timeout_s: float) -> bool:
        """Wait at most so long until delivery may go on. Whether it may."""
        deadline = self._clock.monotonic_s() + timeout_s
        while self.full and not self._draining.is_set():
            self._changed.clear()
            if not await wait_event(self._changed, self._clock, deadline - self._clock.monotonic_s()):
                return False
        return True

    def _open(self, records: Sequence[Record]) -> Batch:
        offsets: dict[Place, list[int]] = {}
        for record in records:
            place = (record.topic, record.partition)
            if place in offsets:
                offsets[place].append(record.offset)
            elif place in self.slots:
                offsets[place] = [record.offset]
            else:
                continue
            if record.value is not None and len(record.value) > LARGE_BYTES:
                self.slots[place].large[record.offset] = len(record.value)
        ours = {place: self.slots[place] for place in offsets}
        count = 0
        for place, some in offsets.items():
            ours[place].add(some)
            count += len(some)
        self.in_flight += count
        if count != len(records):
            records = [each for each in records if (each.topic, each.partition) in ours]
        return Batch(self, records, ours)

    def _closed(self, count: int) -> None:
        self.in_flight -= count
        self._changed.set()
        self._on_done()
