"""What it costs to keep the projections up to date, in statements and in calls: a bound that no machine's mood changes."""

from __future__ import annotations

import asyncio
import cProfile
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from queuebit_domain.projections.job_list import JOB_LIST, JobRow
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.projections import known
from queuebit_store.projections.columns import documents
from queuebit_store.projections.runner import ProjectionRunner
from tests.fakes.histories import tell_jobs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCH_EVENTS = 500
ROUNDS, JOBS = 4, 70
EVENTS = ROUNDS * JOBS * 7
ROW_BYTES_MAX = 250
CALLS_MAX = 94
"""An event, all three projections together, on Python 3.11 and where ids are hashed in Python."""


async def _told() -> MemoryStore:
    store = MemoryStore(MemoryDatabase(lambda: 0.0))
    for nth in range(ROUNDS):
        await tell_jobs(store, range(nth * JOBS, (nth + 1) * JOBS))
    return store


async def _kept(store: MemoryStore, holder: str = "one") -> tuple[Counter[str], int]:
    """The operations on the store, each of which is one statement on PostgreSQL, and how many events were read."""
    asked = Counter[str]()

    async def before(operation: str) -> None:
        asked[operation] += 1

    runner = ProjectionRunner(store, PROJECTIONS, holder=holder, now=lambda: NOW, monotonic_s=lambda: 0.0)
    await runner.prepare()
    store.hooks = Hooks(before=before)
    read, more = 0, True
    while more:
        stepped = await runner.step(limit=BATCH_EVENTS)
        read, more = read + stepped.read, stepped.more
    store.hooks = Hooks()
    await runner.release()
    return asked, read


def test_a_batch_is_three_statements_for_all_projections_together() -> None:
    """One says which builds there are, one reads, one saves; and once each its lease, and the day of the tenant."""

    async def main() -> None:
        asked, read = await _kept(await _told())
        batches = -(-EVENTS // BATCH_EVENTS)
        assert read == EVENTS
        assert asked == {
            "builds": batches,
            "read_page": batches,
            "advance": batches,
            "take": len(PROJECTIONS),
            "rows": 1,
        }

    asyncio.run(main())


def test_another_runner_knows_no_row_and_asks_for_those_it_needs() -> None:
    async def main() -> None:
        store = await _told()
        first = ProjectionRunner(store, PROJECTIONS, holder="one", now=lambda: NOW, monotonic_s=lambda: 0.0)
        await first.prepare()
        await first.step(limit=JOBS)
        await first.release()
        asked, read = await _kept(store, "two")
        assert (read, asked["rows"]) == (EVENTS - JOBS, 3)
        assert len(store.database.projected["job_list_v1"]) == ROUNDS * JOBS

    asyncio.run(main())


def test_rows_that_were_forgotten_are_asked_for_again(monkeypatch: Any) -> None:
    async def main() -> None:
        rich = await _told()
        await _kept(rich)
        monkeypatch.setattr(known, "ROWS_MAX", 3)
        poor = await _told()
        asked, _ = await _kept(poor)
        assert asked["rows"] > 1
        assert poor.database.projected == rich.database.projected

    asyncio.run(main())


def test_no_event_makes_more_calls_than_it_did() -> None:
    async def main() -> None:
        store, warm = await _told(), await _told()
        await _kept(warm)
        profile = cProfile.Profile()
        profile.enable()
        await _kept(store)
        profile.disable()
        entries: Any = profile.getstats()
        calls = sum(each.callcount for each in entries) / EVENTS
        assert CALLS_MAX / 2 < calls <= CALLS_MAX

    asyncio.run(main())


def test_a_page_is_read_while_the_one_before_is_saved() -> None:
    """Given a whole log before it, then no page waits for what was made of another."""

    async def main() -> None:
        store = await _told()
        began: list[str] = []
        saving = asyncio.Event()

        async def before(operation: str) -> None:
            began.append(operation)
            if operation == "advance" and began.count("advance") == 1:
                # The first is saved only once the page behind it is there.
                await asyncio.wait_for(saving.wait(), 10.0)
            if began.count("read_page") == 2:
                saving.set()

        runner = ProjectionRunner(
            store, PROJECTIONS, holder="one", now=lambda: NOW, monotonic_s=lambda: 0.0, reads_ahead=True
        )
        await runner.prepare()
        store.hooks = Hooks(before=before)
        read, more = 0, True
        while more:
            stepped = await runner.step(limit=BATCH_EVENTS)
            read, more = read + stepped.read, stepped.more
        store.hooks = Hooks()
        await runner.release()
        batches = -(-EVENTS // BATCH_EVENTS)
        assert (read, began.count("read_page"), began.count("advance")) == (EVENTS, batches, batches)

    asyncio.run(main())


def test_rows_go_as_one_text_a_column_however_many_they_are() -> None:
    """A row of the list of jobs: what it says, and no more than a few bytes a column around that."""
    row = JobRow(
        UUID(int=7), 9, "acme", "maxcut", "batch", "rule", "queued", {"a": "b"}, NOW, NOW, wall_s=Decimal("0.5")
    )
    kinds = list(JOB_LIST.columns.values())
    one, many = documents(kinds, [row]), documents(kinds, [row] * 1000)
    assert (len(one), len(many)) == (len(kinds), len(kinds))
    assert sum(map(len, many)) / 1000 <= ROW_BYTES_MAX
    assert [json.loads(each)[0] for each in one][:3] == [str(row.job_id), 9, "acme"]
    assert documents(kinds, []) == ["[]"] * len(kinds)
