"""However plans are batched, paged, measured and answered, each job that a path measures is one pair of it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from queuebit_contracts.paths import PathPairRecorded
from queuebit_control_plane.paths import keeper
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.keeper import PathKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.paths.cohort import path_id_of
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW
from tests.fakes.clocks import StoppedClock
from tests.unit.paths.measured_jobs import KEY, PATH_ID, a_registration, append_to_path, both_answer, plan_job

OTHER = KEY.model_copy(update={"kind": "tsp"})
OTHER_ID = path_id_of(OTHER)


class _Lead:
    lease = Lease("relay", "one", 1, 3.0)


class _Plant:
    """A keeper of two paths, and what is asked of it by chance."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.clock = chance, StoppedClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.asked = dict.fromkeys((PATH_ID, OTHER_ID), 0)
        self.waiting: list[UUID] = []
        self.planned = 0
        self.begin()

    def begin(self) -> None:
        """Another process takes over."""
        self.board = PathBoard(self.store, Lanes())
        self.keeper = PathKeeper(self.store, self.board, _Lead(), self.clock)

    async def plan(self, count: int) -> None:
        """A batch, of one moment and in no order."""
        batch = [self.planned + nth for nth in range(count)]
        self.planned += count
        self.chance.shuffle(batch)
        for nth in batch:
            path_id, measured = self.chance.choice((PATH_ID, PATH_ID, OTHER_ID)), self.chance.random() < 0.7
            drawn = self.chance.choice((None, f"{nth}", f"{nth % 5}"))
            now = self.clock.now()
            job = await plan_job(self.store, nth, now, path_id=path_id, measured=measured, drawn=drawn)
            if measured:
                self.asked[path_id] += 1
                self.waiting.append(job)

    async def answer(self, count: int) -> None:
        self.chance.shuffle(self.waiting)
        for _ in range(count):
            await both_answer(self.store, self.waiting.pop(), 98.0, 100.0, self.clock.now())

    async def step(self, later_s: float) -> None:
        self.clock.moment = self.clock.moment + timedelta(seconds=later_s)
        await self.board.read()
        while await self.keeper.step():
            pass

    async def pairs(self, path_id: UUID) -> list[UUID]:
        stored = await self.store.events_of(path_id)
        found = (each for each in stored if each.type == PathPairRecorded.__name__)
        return [PathPairRecorded.model_validate_json(each.data).job_id for each in found]


@pytest.mark.parametrize("seed", range(25))
async def test_each_job_that_is_measured_is_one_pair(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Random(seed)
    monkeypatch.setattr(keeper, "PAGE", chance.choice((2, 3, 9, 30, 500)))
    monkeypatch.setattr(keeper, "BEHIND_MAX", chance.choice((2, 6, 12, 1000)))
    monkeypatch.setattr(keeper, "OF_PATH_MIN", chance.choice((1, 2, 3)))
    at = _Plant(chance)
    await append_to_path(at.store, NOW, a_registration())
    await append_to_path(at.store, NOW, a_registration(key=OTHER), path_id=OTHER_ID)
    for _ in range(chance.randrange(3, 8)):
        await at.plan(chance.randrange(1, 12))
        await at.answer(chance.randrange(0, len(at.waiting) + 1))
        for _ in range(chance.randrange(0, 4)):
            await at.step(chance.choice((0.1, 1.0, 3.0)))
        if chance.random() < 0.2:
            at.begin()
    await at.answer(len(at.waiting))
    for _ in range(50):
        await at.step(3.0)

    pairs = {path_id: await at.pairs(path_id) for path_id in at.asked}
    assert {path_id: len(found) for path_id, found in pairs.items()} == at.asked
    assert all(len(set(found)) == len(found) for found in pairs.values())
    assert at.board.out == dict.fromkeys(at.asked, 0)
