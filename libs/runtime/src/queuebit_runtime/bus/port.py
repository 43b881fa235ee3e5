"""The bus port: what publishing, delivery and done mean, whatever carries the records.

Delivery. A subscription belongs to a group. Each partition of its topics is read by one member of the group at a time, in
offset order, in batches. A record is delivered at least once: it comes again after a crash, a rebalance or a failed handler,
until it is done. Done records need not be contiguous; the adapter commits, per partition, the contiguous prefix of what is
done, so the committed offset never passes unfinished work. A handler that raises is called again with the same records
after a pause: nothing is skipped, so poison must be split out by the handler (see `consumer.py`).

Rebalance. Before a partition is given away, the adapter stops delivering from it, waits for what is in flight (bounded),
commits, and then fences: a `done` for a partition that is no longer ours is ignored.

Topic and group names are logical. An adapter adds its namespace in front of both, so that several stacks, tests and replays
can share one broker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from queuebit_runtime.errors import BusError as BusError
from queuebit_runtime.errors import InstanceTaken as InstanceTaken
from queuebit_runtime.errors import RecordTooLarge as RecordTooLarge
from queuebit_runtime.service.readiness import Reason

UNREADABLE = "qb_unreadable"
"""The header of a stand-in for what cannot be unpacked: why. Its value is the bytes as the broker keeps them, and no header of
an envelope is on it, so that whoever reads envelopes buries it.
"""


class Outgoing(NamedTuple):
    """A record to publish. The key decides the partition: records of one key stay in order."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Record(NamedTuple):
    """A record as delivered. (topic, partition, offset) names its place, never its identity: a redrive gives a new one.

    `part`: which event of the record this is, where it holds a batch of them.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int = 0
    part: int | None = None


class Delivery(Protocol):
    """A batch, and the way to say what of it is done: from the event loop, in any order, also after the handler returned."""

    @property
    def records(self) -> Sequence[Record]: ...

    def done(self, record: Record) -> None: ...

    def done_all(self) -> None: ...

    def wanted(self, record: Record) -> bool:
        """Whether the record is still ours to do: neither done nor given away. Ask before starting what waited."""
        ...


Handler = Callable[[Delivery], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a group reads.

    `batch_max` bounds one delivery; `in_flight_max` bounds delivered records that are not done: at the bound the adapter pauses
    the partitions and goes on when half of it is done; so it does at `in_flight_bytes_max`, for which large records count.
    `broadcast`: every instance reads everything from the moment it starts,
    and nothing is committed; with `from_start` it reads what is there already too, as suits a compacted topic; with
    `from_age_s` it reads what was written within so many seconds before it starts; with `from_last` only the last so many
    records of each partition that are there already. Then, when those are handled, `further` is told of which topics earlier
    records were left out, and says of which more is to be delivered: the next number of `from_last`, after the last of them all
    from the beginning. It is asked again after each of these, until it wants no more. `caught_up` is called once, when all of a
    broadcast that was there at the start is handled.

    `overlap` deliveries may be handled at once: they begin in order, but a later one may be done while an earlier one waits or
    is tried again. It suits a handler that keeps the order of each key itself, or needs none.
    """

    topics: tuple[str, ...]
    group: str
    handler: Handler
    batch_max: int = 500
    in_flight_max: int = 2000
    in_flight_bytes_max: int = 64 * 1024 * 1024
    broadcast: bool = False
    from_start: bool = False
    overlap: int = 1
    from_age_s: float | None = None
    from_last: Sequence[int] = ()
    further: Callable[[Collection[str]], Collection[str]] | None = None
    caught_up: Callable[[], None] | None = None


class Bus(Protocol):
    """Publish records and subscribe to topics."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Return when every record is acknowledged by all in-sync replicas. Records of one key are kept in the given order.

        Raises BusError when any is not acknowledged, in bounded time: some may have been written, so the caller sends all of
        them again, and readers recognise repeats by id.
        """
        ...

    def subscribe(self, subscription: Subscription) -> None:
        """Register a subscription; delivery begins with `start`."""
        ...

    async def start(self) -> None:
        """Connect, join the groups, begin to deliver. Returns when publishing works."""
        ...

    async def stop(self, drain_s: float = 10.0) -> None:
        """Stop delivering, wait at most `drain_s` seconds for what is in flight, commit, leave."""
        ...

    def hold(self, group: str, reason: Reason | None) -> None:
        """Say why the group takes nothing for now, or, with None, that it goes on: `HostedBus.probe` tells it."""
        ...

    def healthy(self) -> bool:
        """Whether the positions advance while there is something to read; also false while a handler fails for long."""
        ...


class HostedBus(Bus, Protocol):
    """A bus, as whoever runs the process sees it."""

    def stuck(self) -> BusError | None:
        """Why only a restart helps: reading has ended, or stands still. InstanceTaken where not even that does. A failing
        handler is no such case, nor is a broker that does not answer.
        """
        ...

    async def probe(self) -> Reason | None:
        """Ask whether records can be published and read now, and are taken; asked each second."""
        ...

    def lags(self) -> Mapping[tuple[str, str], int]:
        """How many records each group has not done, by group and topic: in our partitions, as far as the end is known."""
        ...

    def gone(self) -> Mapping[tuple[str, str], int]:
        """How many records retention took before each group had read them, by group and topic: seen since the start."""
        ...
