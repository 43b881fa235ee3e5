"""The control plane keeps projections up to date on a share of its time, and says when one stands still."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

import pytest

from queuebit_control_plane import projections
from queuebit_control_plane.projections import BATCH_EVENTS, INTERVAL_S, ProjectionKeeper, pause_after
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.projection import Changes
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_runtime.telemetry.meters import Values
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_store.errors import StatementRefused, StoreError, StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.projections.runner import Stepped
from tests.fakes.histories import tell_jobs
from tests.fakes.telemetry import Listener
from tests.simulation.virtual import VirtualClock, run_virtual

COST_S = 0.2


class Shown(Listener):
    """Keeps what gauges show."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[Metric, dict[tuple[str, ...], float]] = {}

    def show(self, metric: Metric, values: Values) -> None:
        self.shown[metric] = dict(values)


@pytest.mark.parametrize(
    ("stepped", "took_s", "load", "pause_s"),
    [
        (Stepped(busy_s=0.001), 0.02, 0.1, INTERVAL_S),
        (Stepped(more=True, busy_s=0.01), 0.03, 0.7, 0.98),
        (Stepped(more=True, busy_s=0.01), 1.0, 0.1, 0.98),
        (Stepped(more=True, busy_s=0.01), 0.03, 0.1, 0.08),
        (Stepped(busy_s=0.03), 0.1, 0.7, 2.94),
    ],
    ids=["nothing waits", "jobs are busy", "the store is busy", "all is quiet", "busy, and it kept up"],
)
def test_it_leaves_the_process_to_its_jobs(stepped: Stepped, took_s: float, load: float, pause_s: float) -> None:
    assert pause_after(stepped, took_s, load, share=0.02) == pytest.approx(pause_s)


@pytest.mark.parametrize(("load", "pause_s"), [(0.1, INTERVAL_S), (0.7, 4.9)], ids=["all is quiet", "jobs are busy"])
def test_under_load_the_next_batch_is_taken_for_a_full_one(load: float, pause_s: float) -> None:
    assert pause_after(Stepped(busy_s=0.001), 0.005, load, share=0.02, full_s=0.05) == pytest.approx(pause_s)


def test_it_takes_everything_in_small_batches_and_then_looks_once_a_second() -> None:
    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        await tell_jobs(store, range(600))
        reads: list[float] = []

        async def before(operation: str) -> None:
            if operation == "read_page":
                reads.append(clock.monotonic_s())
                await clock.sleep(COST_S)

        store.hooks = Hooks(before=before)
        stop = asyncio.Event()
        running = asyncio.ensure_future(ProjectionKeeper(store, clock, holder="one").run(stop))
        await clock.sleep(60.0)
        stop.set()
        await running
        waited = [after - at for at, after in itertools.pairwise(reads)]
        full = 600 * 7 // BATCH_EVENTS
        assert waited[:full] == pytest.approx([COST_S] * full)
        assert waited[full + 1 :] == pytest.approx([COST_S + INTERVAL_S] * (len(waited) - full - 1))
        rows = store.database.projected
        assert (len(rows["job_list_v1"]), len(rows["backlog_v1"])) == (600, 0)

    run_virtual(main())


@pytest.mark.parametrize(
    ("load", "read_at_s"),
    [
        (lambda at_s: 0.0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
        (lambda at_s: 0.8 if 0.5 < at_s < 3.5 else 0.0, [4.0, 5.0, 6.0, 7.0, 8.0]),
        (lambda at_s: 0.8 if at_s > 0.5 else 0.0, [4.0, 8.0]),
    ],
    ids=["all is quiet", "a burst of jobs", "jobs without end"],
)
def test_a_burst_of_jobs_is_over_before_its_events_are_taken(
    load: Callable[[float], float], read_at_s: list[float]
) -> None:
    """Given a step at the beginning after which nothing waits, and full batches that take 20 ms to fold: under load a second
    one is within its share after 4 s. `load`: of the process, by the second.
    """

    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        reads: list[float] = []

        async def before(operation: str) -> None:
            if operation == "read_page":
                reads.append(round(clock.monotonic_s(), 1))

        store.hooks = Hooks(before=before)
        demanded = _Demanded(clock, load)
        keeper = ProjectionKeeper(store, clock, holder="one", demanded_s=demanded)
        stop = asyncio.Event()
        with patch.object(keeper, "_full_s", 0.0202):
            running = asyncio.ensure_future(keeper.run(stop))
            await clock.sleep(8.5)
            stop.set()
            await running
        assert [at_s for at_s in reads if at_s > 0.5] == read_at_s

    run_virtual(main())


class _Demanded:
    """How long a process has computed that does so for a part of the time which changes."""

    def __init__(self, clock: VirtualClock, load: Callable[[float], float]) -> None:
        self._clock = clock
        self._load = load
        self._asked_s = clock.monotonic_s()
        self._sum_s = 0.0

    def __call__(self) -> float:
        now_s = self._clock.monotonic_s()
        self._sum_s += self._load(now_s) * (now_s - self._asked_s)
        self._asked_s = now_s
        return self._sum_s


def test_one_that_stands_still_is_told_until_it_goes_on() -> None:
    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        telemetry = Shown()
        await tell_jobs(store, range(3))

        def refuse(_rows: object, _happened: object) -> Changes:
            raise ValueError("nobody foresaw this")

        broken = replace(BACKLOG, apply=refuse)
        with patch.object(projections, "PROJECTIONS", (*PROJECTIONS[:2], broken)):
            keeper = ProjectionKeeper(store, clock, holder="one", telemetry=telemetry)
        stop = asyncio.Event()
        running = asyncio.ensure_future(keeper.run(stop))
        await clock.sleep(10.0)
        reason = await keeper.standing()
        assert reason is not None
        assert (reason.code, reason.warning, reason.about["projection"]) == ("projection_stopped", True, "backlog")
        assert "JobSubmitted" in reason.detail
        assert telemetry.shown[Metric.PROJECTION_STOPPED] == {("backlog",): 1.0}
        assert len(store.database.projected["job_list_v1"]) == 3

        stop.set()
        await running
        assert all(row.holder == "" for row in store.database.leases.values())
        next_one = ProjectionKeeper(store, clock, holder="two", telemetry=telemetry)
        stop = asyncio.Event()
        running = asyncio.ensure_future(next_one.run(stop))
        await clock.sleep(10.0)
        assert await next_one.standing() is None
        assert all(each.failure is None for each in await store.builds())
        stop.set()
        await running

    run_virtual(main())


def test_a_release_says_that_what_is_live_waits_for_another_version() -> None:
    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        for each in PROJECTIONS:
            await store.create_build(each, live=True)
        newer = replace(BACKLOG, version=2)
        with patch.object(projections, "PROJECTIONS", (*PROJECTIONS[:2], newer)):
            keeper = ProjectionKeeper(store, clock, holder="one")
            stop = asyncio.Event()
            running = asyncio.ensure_future(keeper.run(stop))
            await clock.sleep(3.0)
            reason = await keeper.standing()
            assert reason is not None
            assert (reason.code, reason.warning, reason.about) == (
                "projection_waits", True, {"projection": "backlog", "build": "backlog_v1"},
            )  # fmt: skip
            assert "queuebit ops projections rebuild backlog --then-switch" in reason.detail
            new = await store.create_build(newer, live=False)
            assert await store.switch(new)
            await clock.sleep(3.0)
            assert await keeper.standing() is None
            stop.set()
            await running

    run_virtual(main())


@pytest.mark.parametrize(("error", "code"), [(StoreUnavailable(), None), (StatementRefused(), "projections_refused")])
def test_without_a_store_or_its_rights_it_waits(error: StoreError, code: str | None) -> None:
    """What PostgreSQL refuses is told, and stops no job."""

    async def main() -> None:
        clock = VirtualClock()
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        await tell_jobs(store, range(3))
        down = True

        async def before(_operation: str) -> None:
            if down:
                raise error

        store.hooks = Hooks(before=before)
        stop = asyncio.Event()
        keeper = ProjectionKeeper(store, clock, holder="one")
        running = asyncio.ensure_future(keeper.run(stop))
        await clock.sleep(30.0)
        told = await keeper.standing()
        assert (None if told is None else (told.code, told.warning)) == (None if code is None else (code, True))
        down = False
        await clock.sleep(30.0)
        assert await keeper.standing() is None
        stop.set()
        await running
        assert len(store.database.projected["job_list_v1"]) == 3

    run_virtual(main())
