"""A path of which more plans are made than are kept in mind waits for itself alone, and misses none of its pairs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts.paths import PathPairRecorded
from queuebit_control_plane.paths import keeper
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.keeper import CURSOR, PathKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.paths.cohort import path_id_of
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW
from tests.fakes.clocks import StoppedClock
from tests.unit.paths.measured_jobs import (
    KEY,
    PATH_ID,
    a_registration,
    append_to_path,
    both_answer,
    job_id_at,
    plan_job,
)

OTHER = KEY.model_copy(update={"kind": "tsp"})
OTHER_ID = path_id_of(OTHER)
JOBS = 12


class _Lead:
    lease = Lease("relay", "one", 1, 3.0)


class _At:
    """A keeper of two paths that keeps few plans of each in mind."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = StoppedClock()
        self.store = store or MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.board = PathBoard(self.store, Lanes())
        self.keeper = PathKeeper(self.store, self.board, _Lead(), self.clock)

    async def step(self, later_s: float = 0.0) -> None:
        self.clock.moment = self.clock.moment + timedelta(seconds=later_s)
        await self.board.read()
        while await self.keeper.step():
            pass

    async def pairs(self, path_id: UUID = PATH_ID) -> int:
        stored = await self.store.events_of(path_id)
        return sum(each.type == PathPairRecorded.__name__ for each in stored)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> _At:
    monkeypatch.setattr(keeper, "BEHIND_MAX", 8)
    monkeypatch.setattr(keeper, "OF_PATH_MIN", 2)
    monkeypatch.setattr(keeper, "PAGE", 3)
    return _At()


async def stuck(at: _At) -> UUID:
    """One path whose first job does not answer for long, with more behind it than is kept in mind; then jobs of the other."""
    await append_to_path(at.store, NOW, a_registration())
    await append_to_path(at.store, NOW, a_registration(key=OTHER), path_id=OTHER_ID)
    first = await plan_job(at.store, 0, NOW)
    for nth in range(1, JOBS):
        job = await plan_job(at.store, nth, NOW + timedelta(milliseconds=nth))
        await both_answer(at.store, job, 98.0, 100.0, NOW)
    for nth in range(JOBS, JOBS + 3):
        job = await plan_job(at.store, nth, NOW + timedelta(milliseconds=nth), path_id=OTHER_ID)
        await both_answer(at.store, job, 98.0, 100.0, NOW)
    return first


async def test_the_other_path_goes_on_and_it_says_how_many_of_its_jobs_are_measured(at: _At) -> None:
    await stuck(at)
    await at.step(10.0)

    assert (await at.pairs(), await at.pairs(OTHER_ID)) == (0, 3)
    assert (at.board.out[PATH_ID], at.board.out[OTHER_ID]) == (JOBS, 0)


async def test_when_its_first_job_answers_all_behind_it_are_pairs_in_their_order(at: _At) -> None:
    first = await stuck(at)
    await at.step(10.0)
    await both_answer(at.store, first, 98.0, 100.0, NOW)
    for _ in range(JOBS):
        await at.step(1.0)

    stored = await at.store.events_of(PATH_ID)
    pairs = [PathPairRecorded.model_validate_json(each.data) for each in stored if each.type == "PathPairRecorded"]
    assert [pair.seq for pair in pairs] == list(range(1, JOBS + 1))
    assert [pair.planned_at for pair in pairs] == sorted({pair.planned_at for pair in pairs})
    assert at.board.out[PATH_ID] == 0


async def test_who_begins_anew_meanwhile_reads_from_where_the_path_that_is_behind_stands(at: _At) -> None:
    first = await stuck(at)
    await at.step(10.0)
    held = await at.store.load_cursor(CURSOR)
    await both_answer(at.store, first, 98.0, 100.0, NOW)
    later = _At(at.store)
    for _ in range(JOBS):
        await later.step(20.0)

    assert held == at.board.began()
    assert (await later.pairs(), await later.pairs(OTHER_ID)) == (JOBS, 3)


@pytest.mark.parametrize("nth", range(1, 9))
async def test_what_is_planned_while_it_catches_up_is_one_pair(
    at: _At, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Given a job that is planned right before any of the reads, then it is in mind once, though a page of what was passed over
    and the next one both bring it.
    """
    monkeypatch.setattr(keeper, "PAGE", 500)
    monkeypatch.setattr(keeper, "BEHIND_MAX", 2 * (JOBS - 4))
    first = await stuck(at)
    await at.step(10.0)
    await both_answer(at.store, first, 98.0, 100.0, NOW)
    came: list[UUID] = []
    reads = 0

    async def before(operation: str) -> None:
        nonlocal reads
        reads += operation == "read_page"
        if reads == nth and not came:
            came.append(job_id_at(JOBS + 3, at.clock.now()))
            await plan_job(at.store, JOBS + 3, at.clock.now())

    at.store.hooks.before = before
    for _ in range(JOBS):
        await at.step(0.1)
    assert (await at.pairs(), at.board.out[PATH_ID]) == (JOBS, 1)

    await both_answer(at.store, came[0], 98.0, 100.0, at.clock.now())
    for _ in range(JOBS):
        await at.step(1.0)
    assert (await at.pairs(), at.board.out[PATH_ID]) == (JOBS + 1, 0)


@pytest.mark.parametrize("page", [3, 500])
@pytest.mark.parametrize("kept", [8, 10_000])
async def test_jobs_of_one_moment_are_all_pairs_wherever_a_page_or_its_room_ends(
    at: _At, monkeypatch: pytest.MonkeyPatch, page: int, kept: int
) -> None:
    """Given a batch, whose jobs are planned at once and in no order, then those that come later are not taken for older."""
    monkeypatch.setattr(keeper, "PAGE", page)
    monkeypatch.setattr(keeper, "BEHIND_MAX", kept)
    await append_to_path(at.store, NOW, a_registration())
    for batch in range(2):
        moment = NOW + timedelta(milliseconds=batch)
        for nth in reversed(range(JOBS)):
            await both_answer(at.store, await plan_job(at.store, JOBS * batch + nth, moment), 98.0, 100.0, NOW)
    for _ in range(JOBS):
        await at.step(10.0)

    assert (await at.pairs(), at.board.out[PATH_ID]) == (2 * JOBS, 0)


@pytest.mark.parametrize("problem", [None, "alike"], ids=["others each", "the same again"])
async def test_jobs_that_are_not_measured_fill_no_room_for_ever(at: _At, problem: str | None) -> None:
    """Given more jobs in a run that are drawn and not measured than are kept in mind, then the one behind them is a pair, with
    each of their problems for a draw.
    """
    await append_to_path(at.store, NOW, a_registration())
    for nth in range(3 * JOBS):
        await plan_job(at.store, nth, NOW + timedelta(milliseconds=nth), measured=False, drawn=problem or f"{nth}")
    await at.step(5.0)
    last = await plan_job(at.store, 3 * JOBS, NOW + timedelta(seconds=1), drawn="measured")
    await both_answer(at.store, last, 98.0, 100.0, NOW)
    for _ in range(JOBS):
        await at.step(5.0)

    stored = await at.store.events_of(PATH_ID)
    pairs = [PathPairRecorded.model_validate_json(each.data) for each in stored if each.type == "PathPairRecorded"]
    assert [(pair.job_id, pair.eligible) for pair in pairs] == [(last, 2 if problem else 3 * JOBS + 1)]
    assert at.board.out[PATH_ID] == 0
