"""Bulk operations: what was frozen is done, once, at its rate, through crashes and cancellations, and is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from queuebit_contracts.ids import uuid7
from queuebit_operations.bulk.operation import FAILED, Operation, cancel, freeze, start
from queuebit_operations.bulk.runner import LEASE_S, Runner, Step
from queuebit_operations.bulk.store import Operations
from queuebit_operations.errors import InConflict, NotThere
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.simulation.virtual import VirtualClock, run_virtual

ID = uuid7(1, 1)
TARGETS = [f"t{number}" for number in range(2500)]
WHY: dict[str, Any] = {"actor": "alice", "reason": "why"}


class _Bench:
    """What is acted on, and an act that can be told to fail or to die."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.operations = Operations(self.store, self.clock)
        self.acted: list[str] = []
        self.dies_after: int | None = None
        self.fails: frozenset[str] = frozenset()

    async def frozen(self, targets: Sequence[str] = TARGETS) -> None:
        await self.operations.create(ID, freeze("test", {"a": "b"}, targets, "alice"))

    def runner(self, holder: str = "one") -> Runner:
        return Runner(self.store, self.clock, holder=holder)

    async def act(self, targets: Sequence[str], _operation: Operation) -> Step:
        self.acted += targets
        if self.dies_after is not None and len(self.acted) >= self.dies_after:
            raise KeyboardInterrupt
        failed = {each: "broken" for each in targets if each in self.fails}
        return Step({each: FAILED if each in failed else "fine" for each in targets}, failed)


def test_it_deals_with_each_frozen_target_once_and_says_what_became_of_them() -> None:
    async def main() -> None:
        at = _Bench()
        await at.frozen()
        at.fails = frozenset({"t7"})

        ended = await at.runner().run(ID, at.act, **WHY)

        assert at.acted == TARGETS
        assert (ended.state, ended.done, ended.outcomes) == ("done", 2500, {"fine": 2499, FAILED: 1})
        assert ended.failures == {"t7": "broken"}
        assert await at.operations.load(ID) == ended
        with pytest.raises(InConflict, match="The operation is done"):
            await at.runner().run(ID, at.act, **WHY)

    run_virtual(main())


def test_it_is_as_fast_as_it_may_be_and_stops_at_its_limit() -> None:
    async def main() -> None:
        at = _Bench()
        await at.frozen()
        began_s = at.clock.monotonic_s()

        stopped = await at.runner().run(ID, at.act, rate_per_s=20.0, limit=100, **WHY)

        assert (stopped.state, stopped.done, stopped.note) == ("stopped", 100, "The limit is reached; 2400 are left.")
        assert at.clock.monotonic_s() - began_s == pytest.approx(4.0)
        ended = await at.runner().run(ID, at.act, **WHY)
        assert (ended.state, at.acted) == ("done", TARGETS)

    run_virtual(main())


def test_killed_in_a_step_it_does_that_step_again_and_no_other() -> None:
    async def main() -> None:
        at = _Bench()
        await at.frozen()
        at.dies_after = 700
        with pytest.raises(KeyboardInterrupt):
            await at.runner().run(ID, at.act, **WHY)
        assert ((await at.operations.load(ID)).state, (await at.operations.load(ID)).done) == ("running", 600)

        at.dies_after = None
        ended = await at.runner("two").run(ID, at.act, **WHY)

        assert (ended.state, ended.outcomes) == ("done", {"fine": 2500})
        assert at.acted == [*TARGETS[:700], *TARGETS[600:]]

    run_virtual(main())


def test_one_process_runs_it_and_another_may_cancel_it() -> None:
    async def main() -> None:
        at = _Bench()
        await at.frozen()

        async def act(targets: Sequence[str], operation: Operation) -> Step:
            if operation.done == 300:
                with pytest.raises(InConflict, match="is being run by another process"):
                    await at.runner("two").run(ID, at.act, **WHY)
                found = await at.operations.load(ID)
                assert await at.operations.record(ID, found, cancel(found, actor="bob", reason="enough")) is not None
            return await at.act(targets, operation)

        ended = await at.runner().run(ID, act, **WHY)

        assert (ended.state, ended.note, ended.done, len(at.acted)) == ("cancelled", "enough", 400, 400)
        assert ended.outcomes == {"fine": 400}
        with pytest.raises(InConflict):
            start(ended, actor="a", reason="r", rate_per_s=None, limit=None)

    run_virtual(main())


def test_a_step_that_takes_longer_than_the_lease_keeps_it() -> None:
    """Given a step of a minute, as when a redrive looks long for what comes back, then nobody begins beside it."""

    async def main() -> None:
        at = _Bench()
        await at.frozen(TARGETS[:3])

        async def act(targets: Sequence[str], operation: Operation) -> Step:
            await at.clock.sleep(2 * LEASE_S)
            with pytest.raises(InConflict, match="is being run by another process"):
                await at.runner("two").run(ID, at.act, **WHY)
            return await at.act(targets, operation)

        ended = await at.runner().run(ID, act, **WHY)

        assert (ended.state, at.acted) == ("done", TARGETS[:3])

    run_virtual(main())


def test_it_stops_by_itself_when_most_of_a_step_fails() -> None:
    async def main() -> None:
        at = _Bench()
        await at.frozen()
        at.fails = frozenset(TARGETS[200:260])

        stopped = await at.runner().run(ID, at.act, **WHY)

        assert (stopped.state, stopped.done, stopped.failed) == ("stopped", 300, 60)
        assert stopped.note == "60 of the last 100 failed: broken"

    run_virtual(main())


@pytest.mark.parametrize("rate_per_s", [0.5, 1.0, 2.0, 4.0])
def test_it_stops_by_itself_at_any_rate(rate_per_s: float) -> None:
    """Given steps of one or a few, then what failed of the last of them counts together; one that fails alone stops nothing."""

    async def main() -> None:
        at = _Bench()
        await at.frozen()
        at.fails = frozenset({"t3", *TARGETS[15:]})

        stopped = await at.runner().run(ID, at.act, rate_per_s=rate_per_s, **WHY)

        assert (stopped.state, stopped.note, stopped.done) == ("stopped", "5 of the last 10 failed: broken", 20)

    run_virtual(main())


def test_what_was_not_frozen_to_its_end_is_not_run_and_nothing_is_soon_done() -> None:
    async def main() -> None:
        at = _Bench()
        with pytest.raises(NotThere):
            await at.operations.load(ID)
        await at.operations.create(ID, freeze("test", {}, TARGETS, "alice")[:2])
        with pytest.raises(InConflict, match="not frozen to its end"):
            await at.runner().run(ID, at.act, **WHY)
        other = uuid7(2, 2)
        await at.operations.create(other, freeze("test", {}, [], "alice"))
        assert (await at.runner().run(other, at.act, **WHY)).state == "done"
        assert [row.stream_id for row in await at.operations.list(limit=9)] == [other, ID]

    run_virtual(main())
