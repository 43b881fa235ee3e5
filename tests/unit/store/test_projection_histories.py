"""A projection is the fold over the whole history: for any history, any batches, any order of commits, and over a switch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import pytest

from queuebit_contracts.facts import Happened, read_fact
from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_domain.job.codec import fold
from queuebit_domain.job.label import label
from queuebit_domain.projections.projection import Key, Projection, Row
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.projections.columns import TYPES
from queuebit_store.projections.runner import ProjectionRunner
from tests.fakes.told_jobs import told_jobs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SEEDS = range(30)


def whole_fold(
    database: MemoryDatabase, projection: Projection, kept: Callable[[Row], Row] = lambda row: row
) -> dict[Key, Row]:
    """The rows that all events give, one after the other. `kept`: how a row comes back from where it is kept."""
    rows: dict[Key, Row] = {}
    for event in (event for log in database.logs.values() for event in log.events):
        if event.type in projection.types:
            fact = read_fact(event.type, event.schema_version, event.data)
            happened = Happened(event.stream_id, event.version, event.tenant, event.time, event.type, fact)
            for key, row in projection.apply(rows, happened).items():
                rows.pop(key, None)
                rows.update({} if row is None else {key: kept(row)})
    return rows


def as_jsonb(row: Row) -> Row:
    """PostgreSQL keeps the keys of a document in an order of its own."""
    return tuple(
        dict(sorted(value.items(), key=lambda item: (len(item[0]), item[0]))) if isinstance(value, Mapping) else value
        for value in row
    )


@dataclass
class Run:
    """A store that jobs are told to while projections are filled, rebuilt and switched."""

    random: Random
    database: MemoryDatabase

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.database, hooks=Hooks(before_commit=self._before_commit))
        self.late: set[asyncio.Task[Any]] = set()
        self.gates: list[asyncio.Event] = []
        self.live, self.filling = self.runner("one", "live"), self.runner("ops", "building")

    def runner(self, holder: str, state: Any) -> ProjectionRunner:
        return ProjectionRunner(
            self.store, PROJECTIONS, holder=holder, now=lambda: NOW, monotonic_s=lambda: 0.0, states=(state,)
        )

    async def _before_commit(self, _operation: str) -> None:
        """Some transactions stay open while others commit."""
        if self.random.random() < 0.2:
            self.gates.append(asyncio.Event())
            await self.gates[-1].wait()

    async def go(self) -> None:
        await self.live.prepare()
        held: set[Any] = set()
        for append in told_jobs(self.random, jobs=12):
            if append.stream_id in held:
                await self.commit_all()
                held.clear()
            task = asyncio.ensure_future(self.store.append([append]))
            self.late.add(task)
            await asyncio.sleep(0)
            if not task.done():
                held.add(append.stream_id)
            await self.something()
        await self.commit_all()
        for each in (self.live, self.filling, self.live):
            while (await each.step(limit=7)).more:
                pass

    async def commit_all(self) -> None:
        while self.gates:
            self.gates.pop(self.random.randrange(len(self.gates))).set()
        assert all(passed == [True] for passed in await asyncio.gather(*self.late))
        self.late.clear()

    async def something(self) -> None:
        """Now and then a step, another process, a new build, a switch, or an end of what was replaced."""
        chance = self.random.random()
        limit = self.random.choice((1, 3, 50))
        if chance < 0.3:
            await self.live.step(limit=limit)
        elif chance < 0.5:
            await self.filling.step(limit=limit)
        elif chance < 0.55:
            await self.live.release()
            self.live = self.runner(f"{self.random.random()}", "live")
        elif chance < 0.65:
            await self.store.create_build(self.random.choice(PROJECTIONS), live=False)
        elif chance < 0.8:
            await self.filling.release()
            for build in await self.store.builds():
                if build.state != "live":
                    await self.random.choice((self.store.switch, self.store.drop_build, self.store.reopen))(build)


@cache
def after_run(seed: int) -> MemoryDatabase:
    """What a run leaves."""
    database = MemoryDatabase(lambda: 0.0)
    asyncio.run(Run(Random(seed), database).go())
    return database


@pytest.mark.parametrize("seed", SEEDS)
def test_every_build_is_the_fold_over_all_events(seed: int) -> None:
    database = after_run(seed)
    by_name = {each.name: each for each in PROJECTIONS}

    builds = [each for each in database.builds.values() if each.state != "retired"]
    assert {each.name for each in builds if each.state == "live"} == by_name.keys()
    for build in builds:
        assert database.projected[build.build] == whole_fold(database, by_name[build.name]), build.build
    _labels_agree(database)


def test_no_row_depends_on_the_order_of_keys_in_a_document() -> None:
    for database in map(after_run, SEEDS):
        for projection in PROJECTIONS:
            assert whole_fold(database, projection, as_jsonb) == whole_fold(database, projection)


def _labels_agree(database: MemoryDatabase) -> None:
    """The word in the list and in the backlog is the one that the whole fold of the job gives."""
    words = {stream_id: label(fold(events)) for stream_id, events in database.events.items()}
    rows = {each.name: database.projected[each.build] for each in database.builds.values() if each.state == "live"}
    assert {row[0]: row[6] for row in rows["job_list"].values()} == words
    open_words = {job_id: word for job_id, word in words.items() if word not in TERMINAL_STATES}
    assert {row[0]: row[7] for row in rows["backlog"].values()} == open_words


def test_the_runs_are_not_in_vain() -> None:
    """Together they switch, stop at open transactions, and see jobs that are open and jobs that ended."""
    switched, states = 0, set[str]()
    for database in map(after_run, SEEDS):
        switched += sum(each.switched_at is not None for each in database.builds.values())
        states |= {row.head.state for row in database.streams.values()}
    assert switched > len(SEEDS) / 4
    assert states >= {"completed", "failed", "cancelled", "queued", "running"}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)
def test_a_projection_declares_what_it_has(projection: Projection) -> None:
    assert set(projection.columns.values()) <= TYPES
    assert 0 < projection.key_columns < len(projection.columns)
    assert len(f"projection_{projection.name}_v{projection.version}_1000") <= 63
