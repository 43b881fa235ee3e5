"""`python -m queuebit_workbench.bench.store`: appends, timelines, lists and timers on a small log, and on a very large one."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from statistics import quantiles
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

NAMESPACE = "bench_store"
MONTHS = 14
EVENTS_A_JOB = 7
FILL_JOBS = 50_000
"""Jobs that one statement of the generator makes."""
BATCHES, BATCH_STREAMS = 200, 100
LOOKUPS = 2000
TIMELINE_P99_MS_BAR, LOSS_BAR = 20.0, 0.10
BEGAN = datetime(2040, 1, 1, tzinfo=UTC)
"""After all partitions that a migration makes."""
SMALL_EVENTS = 100_000
TENANT = "acme"
ATTRIBUTES = {"kind": "maxcut", "tier": "batch", "lane": "classical", "fingerprint": "f" * 64}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a log of this size allows: events a second appended and read in order, and p99 of each kind of question in ms."""

    events: int
    appended_per_s: float
    read_per_s: float
    timeline_ms: float
    list_ms: float
    due_ms: float


async def measure(store: PostgresStore, ids: Sequence[UUID], seed: int) -> Figures:
    """All figures of the log as it is. `ids`: streams that are there, over all months."""
    chance = random.Random(seed)
    batches = [_batch(chance, nth) for nth in range(BATCHES)]
    began_s = time.perf_counter()
    for batch in batches:
        assert all(await store.append(batch)), "nobody else appends here"
    appended_per_s = BATCHES * BATCH_STREAMS * EVENTS_A_JOB / (time.perf_counter() - began_s)
    moment = BEGAN + timedelta(days=31 * MONTHS)
    timeline_ms = await _p99(lambda: store.load([chance.choice(ids)]), LOOKUPS)
    list_ms = await _p99(lambda: store.list_heads(StreamFilter(TENANT, categories=PUBLISHED), limit=20), LOOKUPS // 4)
    due_ms = await _p99(lambda: store.due(moment, limit=100), LOOKUPS // 4)
    events, read_per_s = await _read(store)
    return Figures(events, appended_per_s, read_per_s, timeline_ms, list_ms, due_ms)


def _batch(chance: random.Random, nth: int) -> list[Append]:
    now = BEGAN + timedelta(days=30 * MONTHS, seconds=nth)
    found = []
    for _ in range(BATCH_STREAMS):
        stream_id = uuid7(round(now.timestamp() * 1000), chance.getrandbits(74))
        events = tuple(
            NewEvent(derive_id(stream_id, f"event:{version}"), "JobPlanned", 1, f'{{"x":"{"y" * 500}"}}', now)
            for version in range(1, EVENTS_A_JOB + 1)
        )
        found.append(Append(stream_id, TENANT, 0, events, Head("completed", None, ATTRIBUTES)))
    return found


async def _p99(ask: Callable[[], Awaitable[object]], times: int) -> float:
    took_s = []
    for _ in range(times):
        began_s = time.perf_counter()
        await ask()
        took_s.append(time.perf_counter() - began_s)
    return quantiles(took_s, n=100)[98] * 1000


async def _read(store: PostgresStore) -> tuple[int, float]:
    """How many events there are, and how many a second an ordered reader gets of the last ones: as a relay that catches up."""
    total = await store.backlog("bench", count_max=1)
    position, count = total.position, 0
    began_s = time.perf_counter()
    while count < 200_000 and (page := await store.read(position, limit=1000, categories=PUBLISHED)):
        count += len(page)
        position = page[-1].position
    return count, count / (time.perf_counter() - began_s)


async def fill(settings: PostgresSettings, events: int, console: Console, *, base: int) -> list[UUID]:
    """Make jobs of so many events, spread over all months, and give some of their ids. `base`: the number of the first job."""
    statements = named(files("queuebit_workbench").joinpath("bench", "store.sql").read_text(encoding="utf-8"))
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        jobs = -(-events // EVENTS_A_JOB)
        for first in range(0, jobs, FILL_JOBS):
            count = min(FILL_JOBS, jobs - first)
            await connection.execute(statements["fill"], base + first, base + first + count - 1, BEGAN)
            console.print(f"{(first + count) * EVENTS_A_JOB:,} events", end="\r")
        await connection.execute("ANALYZE stream, event")
        return [row[0] for row in await connection.fetch(statements["some_streams"])]
    finally:
        await connection.close()


async def run(events: int, console: Console) -> bool:
    """Whether the bars hold."""
    with tempfile.TemporaryDirectory(prefix="queuebit-bench-") as folder:
        stack = await start_stack(Path(folder), kafka=False)
        async with stack:
            settings = PostgresSettings(stack.postgres, namespace=NAMESPACE)
            await migrate(settings)
            async with await PostgresStore.open(settings) as store:
                for month in months(BEGAN, MONTHS):
                    await store.add_partition(month)
                small = await measure(store, await fill(settings, SMALL_EVENTS, console, base=0), seed=1)
                large = await measure(store, await fill(settings, events, console, base=SMALL_EVENTS), seed=2)
    return _told(small, large, events, console)


def _told(small: Figures, large: Figures, events: int, console: Console) -> bool:
    table = Table(title=f"A log of {SMALL_EVENTS:,} events, and the same with {events:,} more in {MONTHS} months")
    for column in ("", "small", "large", "bar"):
        table.add_column(column, justify="right" if column else "left")
    loss = 1 - large.appended_per_s / small.appended_per_s
    rows = (
        (
            "appended, events/s",
            f"{small.appended_per_s:,.0f}",
            f"{large.appended_per_s:,.0f}",
            f"loss ≤ {LOSS_BAR:.0%}",
        ),
        ("read in order, events/s", f"{small.read_per_s:,.0f}", f"{large.read_per_s:,.0f}", ""),
        ("timeline p99, ms", f"{small.timeline_ms:.1f}", f"{large.timeline_ms:.1f}", f"≤ {TIMELINE_P99_MS_BAR:.0f}"),
        ("list p99, ms", f"{small.list_ms:.1f}", f"{large.list_ms:.1f}", ""),
        ("due p99, ms", f"{small.due_ms:.1f}", f"{large.due_ms:.1f}", ""),
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"loss of appends {loss:.1%}")
    return large.timeline_ms <= TIMELINE_P99_MS_BAR and loss <= LOSS_BAR


def main(argv: Sequence[str]) -> int:
    """Exit 0 where the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.store", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=10_000_000, help="how many the large log has (default: %(default)s)"
    )
    arguments = parser.parse_args(argv)
    return 0 if uvloop.run(run(arguments.events, Console())) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
