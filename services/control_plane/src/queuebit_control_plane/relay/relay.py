"""The relay: the event table is the outbox. It reads committed events in order and publishes each where it belongs.

At least once: the cursor is saved after the broker acknowledged, a little later than that to spare statements, so a crash
publishes some events again. Readers recognise a repeat by id or by (job, version). What is large is published on a path of its
own, while the relay reads on; the cursor stays behind the oldest event that is not acknowledged.

No event holds up the others: one that cannot be made into a record, or into one that the broker takes, leaves a dead letter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from queuebit_contracts.alike import SHORT_BYTES, key_of_order
from queuebit_contracts.channels import MEETING, source_of, topics_of
from queuebit_contracts.envelope import rfc3339
from queuebit_contracts.events import JobQueued
from queuebit_contracts.headers import Header, stored_headers
from queuebit_contracts.registry import type_name_of
from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.relay.dead_letters import unreadable
from queuebit_control_plane.relay.large_path import LargePath
from queuebit_control_plane.relay.lead import ASK_INTERVAL_S, Lead
from queuebit_control_plane.relay.orders import topics_of_order
from queuebit_control_plane.relay.publishing import publish_all
from queuebit_runtime.bus.port import Bus, BusError, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.bounded_work import LARGE_BYTES
from queuebit_runtime.retry import Backoff
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.waiting import end_task, wait_event
from queuebit_store.errors import PayloadGone, StoreUnavailable
from queuebit_store.leadership.port import Lease
from queuebit_store.ports import OrderedReaderCursors, Position, StoredEvent, StreamStore

log = logging.getLogger(__name__)

SOURCE = source_of("control-plane")
_SOURCE: Header = ("ce_source", SOURCE.encode())
LEASE = "relay"
CURSOR = "publisher"
RETRY = Backoff(base_s=0.1, ceiling_s=2.0)
"""A cut session is replaced at once; a server that restarts takes its time."""
LARGE_PATIENCE_S = 60.0
"""A large event that has not been published for so long is somebody else's turn. Before, another would only begin it anew, and
with it all that was published past it.
"""
FIRST_BATCH = 64
"""How many events are read at first, when it is not known how large they are."""


class RelayStore(StreamStore, OrderedReaderCursors, Protocol):
    """What the relay needs of the store."""


class Relay:
    """Publishes what is appended. Several may run: one leads, the others wait. Of two that both believe to lead one repeats
    what the other publishes, and cannot save its cursor.
    """

    def __init__(
        self,
        store: RelayStore,
        bus: Bus,
        clock: Clock,
        lead: Lead,
        *,
        batch_max: int = 1000,
        batch_bytes: int = 8 * 1024 * 1024,
        large_bytes: int = LARGE_BYTES,
        poll_interval_s: float = 0.05,
        save_interval_s: float = 0.2,
        telemetry: Telemetry = SILENT,
    ) -> None:
        """`batch_max`: events read at once, fewer while those of the last batch came to more than `batch_bytes`.
        `large_bytes`: events of more take the path for large ones.
        """
        self._telemetry = telemetry
        self._store = store
        self._bus = bus
        self._clock = clock
        self._lead = lead
        self._batch_max = batch_max
        self._batch_bytes = batch_bytes
        self._limit = min(batch_max, FIRST_BATCH)
        self._poll_interval_s = poll_interval_s
        self._save_interval_s = save_interval_s
        self._path = LargePath(self._publish_large, clock, large_bytes=large_bytes)
        self._woken = asyncio.Event()
        self._lease: Lease | None = None
        """The lease under which the position was loaded."""
        self._position = self._saved = Position()
        self._saved_at_s = 0.0

    def wake(self) -> None:
        """Something was appended in this process: do not wait for the next poll."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`, then save the cursor."""
        await self._begin_anew(None)
        keeping = asyncio.create_task(self._lead.keep())
        failures = 0
        try:
            while not stop.is_set():
                if keeping.done():
                    keeping.result()
                try:
                    full = await self.step()
                except (BusError, StoreUnavailable) as error:
                    log.warning("the relay waits: %s", error)
                    failures += 1
                    await wait_event(stop, self._clock, RETRY.delay_s(failures, 1.0) or RETRY.ceiling_s)
                    continue
                failures = 0
                if self._lease is None:
                    await wait_event(stop, self._clock, ASK_INTERVAL_S)
                elif not full:
                    await self._pause(stop, self._poll_interval_s)
        finally:
            await end_task(keeping)
            await self._path.stop()
        await self._leave()

    async def _leave(self) -> None:
        """Save the cursor and give the lead back, where the store is there: without it, some events are published again."""
        try:
            await self.save(force=True)
            await self._lead.release()
        except StoreUnavailable as error:
            log.warning("the relay ends without saving its cursor: %s", error)

    async def step(self) -> bool:
        """Publish the next batch; True when there may be more at once."""
        if not await self._leads():
            return False
        self._woken.clear()
        if self._path.full:
            await self.save()
            return False
        limit = self._limit
        stored = await self._store.read(self._position, limit=limit, categories=PUBLISHED, whole=False)
        if stored:
            at_once, later = self._path.divide(stored, self._position)
            if at_once:
                await self._publish(at_once)
            self._path.take(later, len(at_once))
            self._position = stored[-1].position
        if self._path.stands_for_s() < LARGE_PATIENCE_S:
            self._lead.worked()
        await self.save()
        self._limit = self._next_limit(limit, stored)
        return len(stored) == limit

    async def _publish(self, events: Sequence[StoredEvent]) -> None:
        await publish_all(self._bus, records_of(events, self._clock.now()), self._clock)
        self._telemetry.count(Metric.RELAYED, len(events))
        self._telemetry.observe(Metric.RELAY_DELAY, (self._clock.now() - events[0].time).total_seconds())

    async def _publish_large(self, event: StoredEvent) -> None:
        await self._publish(await self._store.fill([event]))
        self._lead.worked()

    async def _leads(self) -> bool:
        """Whether this process leads now. With a new token others may have led in between: begin where they ended."""
        lease = await self._lead.ask()
        if lease != self._lease:
            await self._begin_anew(lease)
        return lease is not None

    async def _begin_anew(self, lease: Lease | None) -> None:
        """Under another lease, or none: what is still on the path is read again by whoever leads."""
        await self._path.clear()
        self._lease = None
        if lease is not None:
            self._position = self._saved = await self._store.load_cursor(CURSOR)
            self._lease = lease

    def _next_limit(self, limit: int, stored: Sequence[StoredEvent]) -> int:
        """Twice as many as long as they are small: a backlog of large statements must fit into memory."""
        size = sum([len(each.data) for each in stored])
        if size > self._batch_bytes:
            return max(1, len(stored) * self._batch_bytes // size)
        return min(self._batch_max, limit * 2)

    async def save(self, *, force: bool = False) -> None:
        """Save the cursor if it moved and the last time is long enough ago. A lost lead is noticed here."""
        now_s = self._clock.monotonic_s()
        position = self._path.behind or self._position
        if self._lease is None or position == self._saved:
            return
        if not force and now_s - self._saved_at_s < self._save_interval_s:
            return
        lease = self._lease
        if not await self._store.save_cursor(CURSOR, position, lease):
            self._lead.lost(lease)
            await self._begin_anew(None)
            return
        self._lead.saved(lease, now_s)
        self._saved, self._saved_at_s = position, now_s

    async def _pause(self, stop: asyncio.Event, delay_s: float) -> None:
        """Wait until woken, stopped, or the delay is over."""
        waits = [asyncio.ensure_future(each) for each in (self._woken.wait(), stop.wait(), self._clock.sleep(delay_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()


def records_of(events: Sequence[StoredEvent], now: datetime) -> list[Outgoing]:
    """The records of stored events, in order: each for its purpose, and for the lifecycle.

    Events of one stream, and of one moment, come together: what they share is written once. An event that cannot be made into
    records is a dead letter of the moment `now` in their place.
    """
    records: list[Outgoing] = []
    stream_id: UUID | None = None
    moment: datetime | None = None
    subject, key = "", b""
    about, whose, when = ("ce_subject", key), ("ce_tenant", b""), ("ce_time", b"")
    for event in events:
        if event.stream_id != stream_id:
            stream_id = event.stream_id
            subject = str(stream_id)
            key = subject.encode()
            about, whose = ("ce_subject", key), ("ce_tenant", event.tenant.encode())
        try:
            if event.payload_hash is not None:
                raise PayloadGone
            if event.time != moment:
                when = ("ce_time", rfc3339(event.time))
                moment = event.time
            headers = stored_headers(
                event.id,
                _SOURCE,
                _ce_type(event.type, event.schema_version),
                about,
                when,
                whose,
                event.version,
                event.traceparent,
            )
            value = event.data.encode()
            if event.type == JobQueued.__name__:
                topics = topics_of_order(value)
                # Most are short, and looked at no further: a part of the value costs no call.
                long = value[SHORT_BYTES : SHORT_BYTES + 1] and topics[0] in MEETING
                if long and (meets := key_of_order(value, event.tenant, subject)) is not None:
                    records.append(Outgoing(topics[0], meets, value, headers))
                    topics = topics[1:]
            else:
                topics = topics_of(event.type)
        except Exception as error:
            # Whatever it is: the row stays as it is, and would stop the relay for ever.
            log.exception("version %d of a job cannot be published", event.version, extra={"job_id": subject})
            records.append(unreadable(event, error, now))
            continue
        for topic in topics:
            records.append(Outgoing(topic, key, value, headers))
    return records


@cache
def _ce_type(name: str, schema_version: int) -> Header:
    return ("ce_type", type_name_of(name, schema_version).encode())
