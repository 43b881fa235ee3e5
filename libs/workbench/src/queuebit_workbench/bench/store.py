"""`python -m queuebit_workbench.bench.store`: what a very large log costs, beside an empty one on the same server.

Both are asked in turn, batch by batch, so that whatever else the machine does hits both alike.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple
from uuid import UUID

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from queuebit_contracts.ids import derive_id, uuid7
from queuebit_contracts.streams import PUBLISHED
from queuebit_devstack.stack import start_stack
from queuebit_store.connections.migrations import migrate
from queuebit_store.connections.queries import named
from queuebit_store.partitions.port import months
from queuebit_store.ports import Append, Head, NewEvent, StreamFilter
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.bench.walks import TENANT, Walk, walks

MONTHS = 14
EVENTS_A_JOB = 7
FILL_JOBS = 50_000
"""Jobs that one statement of the generator makes."""
BYTES_AN_EVENT = 1500
"""What an event takes on the disk, with its share of heads and indexes and of the log of the server."""
EMPTY = "empty_log"
BATCHES, BATCH_STREAMS = 300, 100
LOOKUPS = 2000
PLANNED = 50
TIMELINE_P99_MS_BAR, LOSS_BAR = 20.0, 0.10
ALIKE, ALIKE_MS = 1.25, 0.3
BEGAN = datetime(2040, 1, 1, tzinfo=UTC)
"""After all partitions that a migration makes."""
MOMENT = BEGAN + timedelta(days=31 * MONTHS)
DUE = BEGAN - timedelta(days=1)
"""Of a hundred jobs on each log, before all others: both answer the question what is due with the same rows."""
ATTRIBUTES = {"kind": "maxcut", "tier": "batch", "lane": "classical", "fingerprint": "f" * 64}


class Asked(NamedTuple):
    """How long a question took in ms."""

    p50: float
    p99: float

    def as_before(self, before: Asked) -> bool:
        """Whether it takes no longer than on another log, within what the machine does to two of the same."""
        return self.p50 <= max(before.p50 * ALIKE, before.p50 + ALIKE_MS)


@dataclass(slots=True)
class Log:
    """One log under measurement. `ids`: some of its streams, over all months; `append_s`: all appends together."""

    settings: PostgresSettings
    store: PostgresStore
    ids: Sequence[UUID] = ()
    append_s: float = 0.0
    asked: dict[str, Asked] = field(default_factory=dict)
    walks: dict[str, Walk] | None = None

    @property
    def appended_per_s(self) -> float:
        return BATCHES * BATCH_STREAMS * EVENTS_A_JOB / self.append_s


async def measure(logs: Sequence[Log]) -> None:
    """Append to each in turn, then ask each the same."""
    # Another one each time: the streams of an earlier run may be there still.
    chance = random.Random(time.time_ns())
    for nth in range(BATCHES):
        for log in logs if nth % 2 else reversed(logs):
            batch = _batch(chance, nth)
            began_s = time.perf_counter()
            assert all(await log.store.append(batch)), "nobody else appends here"
            log.append_s += time.perf_counter() - began_s
            if nth == 0:
                log.ids = log.ids or [each.stream_id for each in batch]
    for log in logs:
        assert all(await log.store.append(_batch(chance, 0, DUE)))
        await _analyze(log.settings)
    listed = StreamFilter(TENANT, categories=PUBLISHED)
    asked: dict[str, tuple[Callable[[Log], Awaitable[object]], int]] = {
        "timeline": (lambda log: log.store.load([chance.choice(log.ids)]), LOOKUPS),
        "list": (lambda log: log.store.list_heads(listed, limit=20), LOOKUPS // 4),
        "due": (lambda log: log.store.due(MOMENT, limit=100), LOOKUPS // 4),
    }
    for name, (ask, times) in asked.items():
        took_s: list[list[float]] = [[] for _ in logs]
        for _ in range(times):
            for log, took in zip(logs, took_s, strict=True):
                began_s = time.perf_counter()
                await ask(log)
                took.append(time.perf_counter() - began_s)
        for log, took in zip(logs, took_s, strict=True):
            log.asked[name] = Asked(median(took) * 1000, quantiles(took, n=100)[98] * 1000)
    for log in logs:
        log.walks = await walks(log.settings, chance.sample(log.ids, min(PLANNED, len(log.ids))), MOMENT)


def _batch(chance: random.Random, nth: int, due_at: datetime | None = None) -> list[Append]:
    now = BEGAN + timedelta(days=30 * MONTHS, seconds=nth)
    found = []
    for number in range(BATCH_STREAMS):
        stream_id = uuid7(round(now.timestamp() * 1000), chance.getrandbits(74))
        events = tuple(
            NewEvent(derive_id(stream_id, f"event:{version}"), "JobPlanned", 1, f'{{"x":"{"y" * 500}"}}', now)
            for version in range(1, EVENTS_A_JOB + 1)
        )
        found.append(
            Append(stream_id, TENANT, 0, events, Head("completed" if number % 50 else "failed", due_at, ATTRIBUTES))
        )
    return found


async def fill(settings: PostgresSettings, events: int, console: Console) -> list[UUID]:
    """Make jobs of so many events, spread over all months, and give some of their ids. Those that are there already count."""
    statements = named(files("queuebit_workbench").joinpath("bench", "store.sql").read_text(encoding="utf-8"))
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    began_s = time.perf_counter()
    try:
        jobs = -(-events // EVENTS_A_JOB)
        await connection.execute(statements["make_filled"])
        there: int = await connection.fetchval(statements["filled"])
        for first in range(there, jobs, FILL_JOBS):
            after = min(first + FILL_JOBS, jobs)
            async with connection.transaction():
                await connection.execute(statements["fill"], first, after - 1, BEGAN)
                await connection.execute(statements["note_filled"], after)
            per_s = (after - there) * EVENTS_A_JOB / (time.perf_counter() - began_s)
            left_s = (jobs - after) * EVENTS_A_JOB / per_s
            console.print(
                f"{after * EVENTS_A_JOB:,} of {jobs * EVENTS_A_JOB:,} events, {per_s:,.0f} a second, {left_s:,.0f} s to go"
            )
        await connection.execute("CHECKPOINT")
        return [row[0] for row in await connection.fetch(statements["some_streams"])]
    finally:
        await connection.close()


async def _analyze(settings: PostgresSettings) -> None:
    """As autovacuum does sooner or later."""
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        await connection.execute("ANALYZE stream, event")
    finally:
        await connection.close()


async def _forget(url: str, namespace: str) -> None:
    """What a run before this one left of it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"DROP SCHEMA IF EXISTS {namespace} CASCADE")
    finally:
        await connection.close()


async def _opened(url: str, namespace: str) -> Log:
    settings = PostgresSettings(url, namespace=namespace)
    await migrate(settings)
    store = await PostgresStore.open(settings)
    for month in months(BEGAN, MONTHS):
        await store.add_partition(month)
    return Log(settings, store)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Where the servers keep their files: for good where it is named."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="queuebit-scale-") as folder:
        yield Path(folder)


async def run(events: int, console: Console, data: Path | None = None) -> bool:
    """Whether the bars hold."""
    with _folder(data) as folder:
        need, free = events * BYTES_AN_EVENT, shutil.disk_usage(folder).free
        if free < need:
            console.print(
                f"{events:,} events take about {need / 1e9:.0f} GB below {folder}, where {free / 1e9:.0f} GB are free."
            )
            return False
        stack = await start_stack(folder, kafka=False)
        async with stack:
            await _forget(stack.postgres, EMPTY)
            empty, large = await _opened(stack.postgres, EMPTY), await _opened(stack.postgres, "large_log")
            try:
                large.ids = await fill(large.settings, events, console)
                await measure((empty, large))
            finally:
                await empty.store.close()
                await large.store.close()
    return _told(empty, large, events, console)


def _told(empty: Log, large: Log, events: int, console: Console) -> bool:
    table = Table(title=f"An empty log, and one of {events:,} events in {MONTHS} months")
    for column in ("", "empty", "large", "bar"):
        table.add_column(column, justify="right" if column else "left")
    loss = 1 - large.appended_per_s / empty.appended_per_s
    table.add_row(
        "appended, events/s", f"{empty.appended_per_s:,.0f}", f"{large.appended_per_s:,.0f}", f"loss ≤ {LOSS_BAR:.0%}"
    )
    table.add_row("loss of appends", "", f"{loss:.1%}", f"≤ {LOSS_BAR:.0%}")
    bars = {"timeline": f"p99 ≤ {TIMELINE_P99_MS_BAR:.0f}", "list": "p50 unchanged", "due": "p50 unchanged"}
    for name, bar in bars.items():
        was, now = empty.asked[name], large.asked[name]
        table.add_row(f"{name} p50, p99, ms", f"{was.p50:.2f}, {was.p99:.2f}", f"{now.p50:.2f}, {now.p99:.2f}", bar)
    before, after = empty.walks or {}, large.walks or {}
    for name, walk in after.items():
        table.add_row(
            f"{name}: rows, pages",
            f"{before[name].rows}, {before[name].pages}",
            f"{walk.rows}, {walk.pages}",
            "same plan",
        )
    console.print(table)
    other = {name: (before[name].shape, walk.shape) for name, walk in after.items() if walk.shape != before[name].shape}
    for name, (was_so, is_so) in other.items():
        console.print(f"{name} is planned otherwise: {is_so}, and {was_so} on the empty log")
    unchanged = all(large.asked[name].as_before(empty.asked[name]) for name in ("list", "due"))
    return large.asked["timeline"].p99 <= TIMELINE_P99_MS_BAR and loss <= LOSS_BAR and unchanged and not other


def main(argv: Sequence[str]) -> int:
    """Exit 0 where the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.store", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000, help="of the large log (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="keep the log in this folder, and go on there where it was stopped")
    arguments = parser.parse_args(argv)
    return 0 if uvloop.run(run(arguments.events, Console(), arguments.data)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
