"""Pairs come from the jobs themselves, in the order in which they were asked, once, whoever keeps them and however often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.paths import PathDraw, PathFrozen, PathPairRecorded
from queuebit_contracts.registry import REGISTRY
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.keeper import CURSOR, PathKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.paths.cases import case_of
from queuebit_domain.paths.cohort import drawn
from queuebit_domain.paths.state import Path
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.release.shares import Queue, Shares
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from tests.builders import NOW, a_request, inputs
from tests.fakes.clocks import StoppedClock
from tests.unit.paths.measured_jobs import (
    PATH_ID,
    a_plan,
    a_registration,
    answer,
    append_to_path,
    both_answer,
    plan_job,
)


class _Lead:
    def __init__(self, leads: bool = True) -> None:
        self.lease = Lease("relay", "one", 1, 3.0) if leads else None


class _At:
    """One control plane's part for paths, on a store that others may share."""

    def __init__(self, database: MemoryDatabase | None = None, *, leads: bool = True) -> None:
        self.clock = StoppedClock()
        self.hooks = Hooks()
        self.store = MemoryStore(database or MemoryDatabase(self.clock.monotonic_s), hooks=self.hooks)
        self.board = PathBoard(self.store, Lanes())
        self.keeper = PathKeeper(self.store, self.board, _Lead(leads), self.clock)

    async def step(self, later_s: float = 0.0) -> None:
        self.clock.moment = self.clock.moment + timedelta(seconds=later_s)
        await self.board.read()
        while await self.keeper.step():
            pass

    @property
    def path(self) -> Path:
        return self.board.paths[PATH_ID]

    async def pairs(self) -> list[tuple[int, str]]:
        stored = await self.store.events_of(PATH_ID)
        pairs = [PathPairRecorded.model_validate_json(each.data) for each in stored if each.type == "PathPairRecorded"]
        return [(pair.seq, f"{pair.difference:g} of {pair.eligible}") for pair in pairs]


async def test_a_job_whose_arms_both_answered_is_a_pair() -> None:
    at = _At()
    await append_to_path(at.store, NOW, a_registration())
    job_id = await plan_job(at.store, 1, NOW)
    await both_answer(at.store, job_id, 98.0, 100.0, NOW)
    await at.step(10.0)

    assert await at.pairs() == [(1, "-0.02 of 1")]
    assert (at.path.value.cost.amount, at.path.gate.placebo_pairs) == ("0.50", 1)


async def test_pairs_are_in_the_order_of_the_questions_whoever_answers_first() -> None:
    at = _At()
    await append_to_path(at.store, NOW, a_registration())
    slow = await plan_job(at.store, 1, NOW)
    fast = await plan_job(at.store, 2, NOW + timedelta(seconds=1))
    await both_answer(at.store, fast, 98.0, 100.0, NOW + timedelta(seconds=1))
    await at.step(10.0)
    waiting = await at.pairs()
    await both_answer(at.store, slow, 103.0, 100.0, NOW + timedelta(seconds=20))
    await at.step(30.0)

    assert waiting == []
    assert await at.pairs() == [(1, "0.03 of 1"), (2, "-0.02 of 1")]


async def test_what_never_comes_is_lost_at_its_horizon_and_lets_the_others_go_on() -> None:
    at = _At()
    await append_to_path(at.store, NOW, a_registration(spec={"horizon_s": 100.0}))
    never = await plan_job(at.store, 1, NOW)
    later = await plan_job(at.store, 2, NOW + timedelta(seconds=1))
    await answer(at.store, never, "primary-classical", 100.0, NOW + timedelta(seconds=1))
    await both_answer(at.store, later, 98.0, 100.0, NOW + timedelta(seconds=1))
    await at.step(50.0)
    waiting = await at.pairs()
    await at.step(60.0)

    assert waiting == []
    assert await at.pairs() == [(1, "1 of 1"), (2, "-0.02 of 1")]


async def test_jobs_that_were_not_drawn_are_counted_with_the_next_that_was() -> None:
    at = _At()
    await append_to_path(at.store, NOW, a_registration())
    for nth in range(1, 4):
        await plan_job(at.store, nth, NOW + timedelta(seconds=nth), measured=False)
    job_id = await plan_job(at.store, 4, NOW + timedelta(seconds=4))
    await both_answer(at.store, job_id, 98.0, 100.0, NOW + timedelta(seconds=4))
    await at.step(20.0)

    assert await at.pairs() == [(1, "-0.02 of 4")]


async def test_a_problem_that_is_asked_again_and_again_is_one_draw() -> None:
    """Given two problems that one tenant asks all day, of which one is always drawn, then the path is not drawn too often."""
    at = _At()
    await append_to_path(at.store, NOW, a_registration())
    for nth in range(0, 60, 2):
        asked_at = NOW + timedelta(seconds=nth)
        await plan_job(at.store, nth, asked_at, measured=False, problem="left", drawn="left")
        job_id = await plan_job(at.store, nth + 1, asked_at + timedelta(seconds=1), problem="taken", drawn="taken")
        await both_answer(at.store, job_id, 100.0, 100.0, asked_at)
    await at.step(90.0)

    seen = at.path.gate.seen
    assert (at.path.seq, at.path.gate.pairs) == (30, 1)
    assert (seen.taken, seen.eligible, seen.expected) == (1, 2, 1.0)
    assert at.path.frozen is None


@pytest.mark.parametrize("where", ["plan", "job"])
async def test_a_job_that_cannot_be_read_is_no_pair_and_the_others_go_on(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    at = _At()
    await append_to_path(at.store, NOW, a_registration())
    for nth in (1, 2):
        job_id = await plan_job(at.store, nth, NOW + timedelta(seconds=nth))
        await both_answer(at.store, job_id, 98.0, 100.0, NOW + timedelta(seconds=nth))
    await at.board.read()
    if where == "plan":
        monkeypatch.setattr(REGISTRY, "read_stored", _once_unreadable(REGISTRY.read_stored))
    else:
        monkeypatch.setattr("queuebit_control_plane.paths.keeper.case_of", _once_unreadable(case_of))
    await at.step(20.0)

    assert [seq for seq, _ in await at.pairs()] == [1]
    assert [record.levelname for record in caplog.records if "cannot be read" in record.message] == ["ERROR"]


async def test_a_path_of_which_nothing_can_be_made_is_left_alone_and_jobs_are_planned(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    at = _At()
    at.board._lanes = _Every()  # type: ignore[assignment]
    await append_to_path(at.store, NOW, a_registration())
    await at.step()
    monkeypatch.setattr("queuebit_control_plane.paths.board.drawn", _once_unreadable(drawn))
    plain = a_plan(measured=False).model_copy(update={"path": None})
    request = a_request(lane="auto")

    assert (
        at.board.planned(request, inputs(request, sense="max", quantum_available=True), "problem", plain, DEFAULT)
        is plain
    )
    assert not at.board.any
    assert [record.levelname for record in caplog.records if "left alone" in record.message] == ["ERROR"]


async def test_after_a_restart_nothing_is_counted_twice_and_nothing_is_missed() -> None:
    first = _At()
    await append_to_path(first.store, NOW, a_registration())
    jobs = [await plan_job(first.store, nth, NOW + timedelta(seconds=nth)) for nth in range(1, 5)]
    for nth in (0, 1, 3):
        await both_answer(first.store, jobs[nth], 98.0, 100.0, NOW + timedelta(seconds=nth + 1))
    await first.step(20.0)
    second = _At(first.store.database)
    second.clock.moment = NOW + timedelta(seconds=20)
    await second.step()
    before = await second.pairs()
    await both_answer(second.store, jobs[2], 98.0, 100.0, NOW + timedelta(seconds=20))
    await second.step(20.0)
    await first.step(20.0)

    assert len(before) == 2
    assert [seq for seq, _ in await second.pairs()] == [1, 2, 3, 4]
    assert await second.store.load_cursor(CURSOR) > Position()


async def test_of_two_who_append_the_same_pair_one_does() -> None:
    at = _At()
    other = _At(at.store.database)
    await append_to_path(at.store, NOW, a_registration())
    job_id = await plan_job(at.store, 1, NOW)
    await both_answer(at.store, job_id, 98.0, 100.0, NOW)
    for each in (at, other):
        each.clock.moment = NOW + timedelta(seconds=10)
        await each.board.read()
    await at.keeper.step()
    await other.keeper.step()
    await other.step()

    assert await at.pairs() == [(1, "-0.02 of 1")]
    assert other.path == at.path


async def test_who_does_not_lead_knows_how_many_are_out_and_appends_nothing() -> None:
    at = _At(leads=False)
    await append_to_path(at.store, NOW, a_registration())
    for nth in (1, 2):
        job_id = await plan_job(at.store, nth, NOW + timedelta(seconds=nth))
    await both_answer(at.store, job_id, 98.0, 100.0, NOW)
    await at.step(20.0)

    assert await at.pairs() == []
    assert at.board.out == {PATH_ID: 2}


async def test_without_a_path_the_log_is_not_read() -> None:
    at = _At()
    await plan_job(at.store, 1, NOW)
    asked: list[str] = []

    async def refuse(name: str) -> None:
        asked.append(name)

    at.hooks.before = refuse
    await at.step(20.0)

    assert asked == ["walk_heads"]


async def test_the_log_is_read_from_where_the_path_began() -> None:
    at = _At()
    early = await plan_job(at.store, 1, NOW)
    await both_answer(at.store, early, 98.0, 100.0, NOW)
    await append_to_path(at.store, NOW + timedelta(seconds=5), a_registration())
    await at.step(20.0)

    assert await at.pairs() == []


async def test_a_path_that_cannot_be_read_is_left_alone_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    at = _At()
    other = PATH_ID.__class__(int=PATH_ID.int + 1)
    await append_to_path(at.store, NOW, PathFrozen(actor="a", reason="r"), path_id=other)
    await append_to_path(at.store, NOW, a_registration())
    await at.step()
    await at.step()

    assert [*at.board.paths] == [PATH_ID]
    assert len([record for record in caplog.records if "cannot be read" in record.message]) == 1


async def test_the_board_adds_a_shadow_for_those_that_are_drawn_and_nothing_for_others() -> None:
    at = _At()
    at.board._lanes = _Every()  # type: ignore[assignment]
    await append_to_path(
        at.store, NOW, a_registration(spec={"sample": 0.5}, price_max={"amount": "0.1", "currency": "EUR"})
    )
    await at.step()
    plain = a_plan(measured=False).model_copy(update={"path": None})
    request = a_request(lane="auto")

    def planned(nth: int, request: JobRequest = request, **changes: object) -> JobPlanned:
        facts = inputs(request, sense="max", quantum_available=True, **changes)
        return at.board.planned(request, facts, f"problem {nth}", plain, DEFAULT)

    plans = [planned(nth) for nth in range(200)]
    draws = [plan.path for plan in plans if isinstance(plan.path, PathDraw)]
    shadows = [plan for plan in plans if len(plan.legs) == 2]

    assert len(draws) == 200
    assert 80 <= len(shadows) <= 120
    assert all((plan.legs[0], plan.legs[1].role) == (plain.legs[0], "shadow") for plan in shadows)
    assert planned(3).path == plans[3].path
    for other in (a_request(lane="quantum"), a_request(lane="auto", tier="batch")):
        assert planned(3, other) is plain
    assert planned(3, variables=600) is plain


def _once_unreadable(real: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def read(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError("a number that cannot be")
        return real(*args, **more)

    return read


async def test_while_jobs_wait_for_the_lane_nothing_is_measured_on_it_and_what_answers_goes_on() -> None:
    at = _At()
    shares = Shares()
    at.board = PathBoard(at.store, _Every(), shares)  # type: ignore[arg-type]
    await append_to_path(at.store, NOW, a_registration(spec={"sample": 1.0}))
    await at.board.read()
    plain = a_plan(measured=False).model_copy(update={"path": None})
    request = a_request(lane="auto")

    def planned() -> JobPlanned:
        return at.board.planned(
            request, inputs(request, sense="max", quantum_available=True), "problem", plain, DEFAULT
        )

    calm = planned()
    at.board.out.clear()
    shares.still_waiting({Queue("quantum", "interactive"): ["globex"]}, NOW)
    crowded = planned()
    at.board.put(PATH_ID, replace(at.board.paths[PATH_ID], stage="production"))
    answering = planned()

    assert calm.path is not None
    assert crowded is plain
    assert answering.path is not None


async def test_a_job_that_begins_later_is_no_pair_for_those_behind_it_would_wait_as_long() -> None:
    at = _At()
    at.board = PathBoard(at.store, _Every())  # type: ignore[arg-type]
    await append_to_path(at.store, NOW, a_registration(spec={"sample": 1.0}))
    await at.board.read()
    plain = a_plan(measured=False).model_copy(update={"path": None})
    facts = inputs(a_request(lane="auto"), sense="max", quantum_available=True)
    later, now = (
        at.board.planned(a_request(lane="auto", params=params), facts, "problem", plain, DEFAULT)
        for params in ({"not_before": "2030-01-01T00:00:00Z"}, {})
    )

    assert later is plain
    assert now.path is not None
    assert at.board.out == {PATH_ID: 1}


class _Every:
    def available(self, lane: str) -> bool:
        return True
