"""A build is filled beside the live one, killed, cancelled, gone on with, and takes over when it has read as much."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_domain.projections.usage import USAGE
from queuebit_operations.errors import InConflict, NotThere
from queuebit_operations.projections import building
from queuebit_operations.projections.building import Filled, declared, fill, live_of, named, switch, unfinished
from queuebit_operations.projections.running import keep_running
from queuebit_operations.projections.standing import standing
from queuebit_store.errors import StoreLocked
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.projections.port import Build
from tests.fakes.histories import tell_jobs
from tests.simulation.virtual import VirtualClock, run_virtual


class _Plant:
    """A store with ten jobs, and every projection run up to there."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.told: list[Filled] = []

    async def begin(self) -> Build:
        await tell_jobs(self.store, range(10))
        await keep_running(self.store, self.clock, holder="live", once=True)
        return await self.store.create_build(USAGE, live=False)

    async def fill(self, build: Build, **more: object) -> Filled:
        given = {"holder": "ops", "told": self.told.append, **more}
        return await fill(self.store, self.clock, USAGE, build, **given)  # type: ignore[arg-type]

    async def switch(self, build: Build) -> Build:
        return await switch(self.store, self.clock, USAGE, build, holder="ops", told=self.told.append)

    async def states(self) -> dict[str, str]:
        return {each.build: each.state for each in await self.store.builds() if each.name == "usage"}


def test_who_keeps_them_waits_while_a_month_is_taken_out() -> None:
    """Given somebody who holds what a first build needs, then it is asked for again."""

    async def main() -> None:
        clock, refused = VirtualClock(), ["somebody takes a month out.", "so still."]

        async def before(operation: str) -> None:
            if operation == "create_build" and refused:
                raise StoreLocked(refused.pop())

        store = MemoryStore(MemoryDatabase(clock.monotonic_s), hooks=Hooks(before=before))
        await tell_jobs(store, range(3))

        taken = await keep_running(store, clock, holder="live", once=True)

        builds = {each.name for each in await store.builds() if each.state == "live"}
        assert (refused, builds, min(taken.values()) > 0) == ([], {each.name for each in PROJECTIONS}, True)

    run_virtual(main())


def test_it_takes_over_and_the_former_can_come_back() -> None:
    async def main() -> None:
        at = _Plant()
        new = await at.begin()
        filled = await at.fill(new)
        assert (filled.read, filled.build.events) == (70, 30)
        await tell_jobs(at.store, range(10, 12))

        live = await at.switch(filled.build)

        assert (live.build, live.events, await at.states()) == (
            "usage_v2_2", 36, {"usage_v2": "retired", "usage_v2_2": "live"},
        )  # fmt: skip
        back = await at.switch(named(await at.store.builds(), "usage_v2"))
        assert (back.events, await at.states()) == (36, {"usage_v2": "live", "usage_v2_2": "retired"})
        assert at.store.database.projected["usage_v2"] == at.store.database.projected["usage_v2_2"]

    run_virtual(main())


def test_it_is_cancelled_on_the_way_and_goes_on_at_its_rate() -> None:
    async def main() -> None:
        at = _Plant()
        new = await at.begin()

        async def cancelled() -> bool:
            return at.clock.monotonic_s() >= 3.0

        part = await at.fill(new, rate_per_s=10.0, cancelled=cancelled)
        assert 30 <= part.read <= 40
        assert unfinished(await at.store.builds(), USAGE) == part.build
        began_s = at.clock.monotonic_s()
        rest = await at.fill(part.build, rate_per_s=10.0)
        assert part.read + rest.read == 70
        assert at.clock.monotonic_s() - began_s >= rest.read / 10.0 - 1.0

    run_virtual(main())


def test_what_another_process_fills_and_what_is_too_far_behind_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        at = _Plant()
        new = await at.begin()
        lease = await at.store.take(new.lease, "another", 30.0)
        with pytest.raises(InConflict, match="by another process"):
            await at.fill(new)
        assert lease is not None
        await at.store.release(lease)
        monkeypatch.setattr(building, "CATCH_UP_EVENTS_MAX", 69)
        with pytest.raises(InConflict, match="more than 69 events behind"):
            await at.switch(new)
        with pytest.raises(InConflict, match="this release folds version 2"):
            await at.switch(replace(new, version=3))
        assert (await at.states())["usage_v2"] == "live"

    run_virtual(main())


def test_going_back_waits_for_whoever_died_with_the_lease_and_for_nobody_who_lives() -> None:
    async def main() -> None:
        at = _Plant()
        await at.switch((await at.fill(await at.begin())).build)
        former = named(await at.store.builds(), "usage_v2")
        assert await at.store.take(former.lease, "another", 30.0) is not None
        assert (await at.switch(former)).state == "live"
        assert 29.0 <= at.clock.monotonic_s() <= 32.0

        new = named(await at.store.builds(), "usage_v2_2")

        async def live_on() -> None:
            while True:
                await at.store.take(new.lease, "another", 30.0)
                await at.clock.sleep(5.0)

        living = asyncio.ensure_future(live_on())
        await at.clock.sleep(0.0)
        with pytest.raises(InConflict, match="usage_v2_2 is being filled by another process"):
            await at.switch(new)
        living.cancel()
        assert (await at.states())["usage_v2"] == "live"

    run_virtual(main())


def test_an_event_that_cannot_be_taken_is_named_and_what_was_read_before_stays() -> None:
    async def main() -> None:
        at = _Plant()
        new = await at.begin()
        log = at.store.database.logs["job"]
        place = next(nth for nth, event in enumerate(log.events) if event.type == "ExecutionSucceeded")
        log.events[place] = log.events[place]._replace(data="{}")

        with pytest.raises(InConflict, match="usage cannot take version 5 of"):
            await at.fill(new)

        (stopped,) = [each for each in await standing(at.store, count_max=100) if each.note]
        assert stopped.build is not None
        assert (stopped.build.build, stopped.build.events) == ("usage_v2_2", 10)
        assert 70 - place <= stopped.behind < 70
        assert "queuebit ops replay inspect" in stopped.remedy

    run_virtual(main())


def test_how_they_stand_is_told_also_of_what_this_release_does_not_fold() -> None:
    async def main() -> None:
        at = _Plant()
        before = await standing(at.store, count_max=100)
        assert [each.note for each in before] == ["nobody has run it yet"] * len(PROJECTIONS)
        await at.begin()
        newer = (replace(USAGE, version=3), BACKLOG)
        found = {
            each.build.build: each.note
            for each in await standing(at.store, count_max=9, projections=newer)
            if each.build
        }
        assert found == {
            "backend_runs_v1": "this release does not know it", "backlog_v1": "",
            "job_list_v1": "this release does not know it", "usage_v2": "this release folds version 3", "usage_v2_2": "",
        }  # fmt: skip
        builds = await at.store.builds()
        assert (live_of(builds, "usage") or builds[0]).build == "usage_v2"
        with pytest.raises(NotThere, match="This release has: job_list, usage, backlog"):
            declared("usages")
        with pytest.raises(NotThere):
            named(builds, "usage_v7")

    run_virtual(main())
