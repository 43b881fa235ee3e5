"""What the parts reach alone: events a second appended, relayed, consumed and folded again, all of them real jobs' events."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from queuebit_contracts.channels import CHANNELS, LIFECYCLE
from queuebit_control_plane.heads import HEADS
from queuebit_control_plane.relay.lead import Lead
from queuebit_control_plane.relay.relay import LEASE, Relay
from queuebit_domain.projections.projection import Projection
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.projections.building import fill
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.decoding import Item, subscribe_decoded
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics, plan_topic
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import NoTelemetry
from queuebit_store.connections.migrations import migrate
from queuebit_store.ports import Append, NewEvent, StoredEvent
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.rebuild import RebuildReport, rebuild
from queuebit_workbench.bench.errors import BenchFailed
from queuebit_workbench.bench.figures import StoreFigures

COPY = "bench_copy"
"""A namespace of its own in the database and in Kafka, which goes with the measurement."""

COPY_STREAMS_MAX = 5000
PAGE_STREAMS = 500
APPEND_STREAMS = 250
TIMEOUT_S = 60.0


class _Relayed(NoTelemetry):
    """Counts what the relay says that it published."""

    def __init__(self) -> None:
        self.events = 0

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        if metric is Metric.RELAYED:
            self.events += int(amount)


async def measure_parts(kafka: KafkaAccess, source: PostgresSettings) -> StoreFigures:
    """Measure with the jobs that `source` holds. Raises BenchFailed where the rebuilt heads differ from the stored ones."""
    async with await PostgresStore.open(source) as store:
        rebuilt_per_s = await _rebuild(store)
        projected_per_s = min([await _project(store, each) for each in PROJECTIONS])
        appends = await _appends(store)
    async with _copy(kafka, source.url) as settings, await PostgresStore.open(settings) as copy:
        appended_per_s = await _append(copy, appends)
        events = sum(len(each.events) for batch in appends for each in batch)
        relayed_per_s = await _relay(copy, kafka, events)
        consumed_per_s = await _consume(kafka, events)
    return StoreFigures(appended_per_s, relayed_per_s, consumed_per_s, rebuilt_per_s, projected_per_s)


async def _rebuild(store: PostgresStore) -> float:
    began_s = time.perf_counter()
    events = 0
    for projection in HEADS:
        report = await rebuild(store, projection, on_progress=_ignore, write=False)
        events += report.events
        if report.differing or report.broken:
            raise BenchFailed(
                f"{report.differing} heads differ from their events, {len(report.broken)} streams are broken."
            )
    return events / (time.perf_counter() - began_s)


async def _project(store: PostgresStore, projection: Projection) -> float:
    """Fill a build beside the live one, from the beginning of the log."""
    clock = SystemClock()
    build = await store.create_build(projection, live=False)
    try:
        filled = await fill(store, clock, projection, build, holder="bench", told=lambda _filled: None)
        if not filled.read:
            raise BenchFailed("There is nothing to fold.")
        return filled.per_s
    finally:
        await store.drop_build(build)


def _ignore(_report: RebuildReport) -> None:
    return


async def _appends(store: PostgresStore) -> list[list[Append]]:
    """The stored jobs as batches to append: the beginning of each job, then the rest of it, as the command handler does."""
    begins: list[Append] = []
    rests: list[Append] = []
    after = None
    while len(begins) < COPY_STREAMS_MAX:
        rows = await store.walk_heads(after, limit=PAGE_STREAMS)
        if not rows:
            break
        after = rows[-1].stream_id
        streams = await store.load([row.stream_id for row in rows])
        for row in rows:
            events = streams[row.stream_id]
            half = (len(events) + 1) // 2
            begins.append(Append(row.stream_id, row.tenant, 0, _fresh(events[:half]), row.head))
            if events[half:]:
                rests.append(Append(row.stream_id, row.tenant, half, _fresh(events[half:]), row.head))
    return [
        some[start : start + APPEND_STREAMS]
        for some in (begins, rests)
        for start in range(0, len(some), APPEND_STREAMS)
    ]


def _fresh(events: Sequence[StoredEvent]) -> tuple[NewEvent, ...]:
    return tuple(
        NewEvent(each.id, each.type, each.schema_version, each.data, each.time, each.causation_id, each.traceparent)
        for each in events
    )


async def _append(store: PostgresStore, batches: Sequence[Sequence[Append]]) -> float:
    began_s, events = time.perf_counter(), 0
    for batch in batches:
        if not all(await store.append(batch)):
            raise BenchFailed("A batch met another writer, where there is none.")
        events += sum(len(each.events) for each in batch)
    return events / (time.perf_counter() - began_s)


async def _relay(store: PostgresStore, kafka: KafkaAccess, events: int) -> float:
    bus = KafkaBus(KafkaSettings(kafka, namespace=COPY))
    await bus.start()
    try:
        relayed = _Relayed()
        clock = SystemClock()
        relay = Relay(store, bus, clock, Lead(store, clock, name=LEASE, holder="bench"), telemetry=relayed)
        began_s = time.perf_counter()
        async with asyncio.timeout(TIMEOUT_S):
            while relayed.events < events:
                await relay.step()
        took_s = time.perf_counter() - began_s
    except TimeoutError:
        raise BenchFailed(f"Of {events} events only {relayed.events} were relayed.") from None
    finally:
        await bus.stop()
    return events / took_s


async def _consume(kafka: KafkaAccess, events: int) -> float:
    """From the first batch on, so that joining the group does not count."""
    bus = KafkaBus(KafkaSettings(kafka, namespace=COPY))
    times_s: list[float] = []
    counts: list[int] = []
    complete = asyncio.Event()

    async def on_items(items: Sequence[Item]) -> None:
        times_s.append(time.perf_counter())
        counts.append(len(items))
        if sum(counts) >= events:
            complete.set()

    subscribe_decoded(bus, topics=(LIFECYCLE,), group="bench", handle=on_items)
    await bus.start()
    try:
        await asyncio.wait_for(complete.wait(), TIMEOUT_S)
    except TimeoutError:
        raise BenchFailed(f"Of {events} events only {sum(counts)} were consumed.") from None
    finally:
        await bus.stop()
    return (sum(counts) - counts[0]) / max(times_s[-1] - times_s[0], 1e-9)


@contextlib.asynccontextmanager
async def _copy(kafka: KafkaAccess, postgres: str) -> AsyncIterator[PostgresSettings]:
    """The namespace for copies, in the database and in Kafka; both go with the block."""
    settings = PostgresSettings(postgres, namespace=COPY)
    await _drop_schema(postgres)
    await migrate(settings)
    await ensure_topics(kafka, namespace=COPY)
    try:
        yield settings
    finally:
        await _drop_schema(postgres)
        admin = AIOKafkaAdminClient(**client_options(kafka))
        await admin.start()
        try:
            await admin.delete_topics([plan_topic(channel, COPY, 1).name for channel in CHANNELS])
        finally:
            await admin.close()


async def _drop_schema(postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute(f"DROP SCHEMA IF EXISTS {COPY} CASCADE")
    finally:
        await connection.close()
