"""Large orders that wait together and run together: which do, what is published of each, and what befalls one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from queuebit_contracts.envelope import Envelope
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, JobQueued, JobStarted
from queuebit_contracts.failures import FailureCode
from queuebit_runtime.worker.attempts import Outcome
from queuebit_runtime.worker.orders import Alike
from tests.fakes.moved_clock import START, settle
from tests.unit.runtime.one_worker import OneWorker, an_answer, an_order


@dataclass
class ScriptedJoiner:
    """Orders of one seed are alike, at most three of them; it answers at once, and fails those that it is told to fail."""

    groups: list[list[int]] = field(default_factory=list)
    fails: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()
    breaks: bool = False
    hold: asyncio.Event | None = None
    stops: dict[int, asyncio.Event] = field(default_factory=dict)

    def alike(self, order: JobQueued, tenant: str | None, job: str) -> Alike | None:
        del tenant, job
        return Alike(order.seed, 3) if order.seed else None

    async def run_joined(self, orders: Sequence[JobQueued], stops: Sequence[asyncio.Event]) -> list[Outcome | None]:
        self.groups.append(sorted(order.attempt_id.int - 1000 for order in orders))
        self.stops = {order.attempt_id.int - 1000: stop for order, stop in zip(orders, stops, strict=True)}
        if self.hold is not None:
            await self.hold.wait()
        if self.breaks:
            raise ValueError("no such node")
        return [
            None if order.attempt_id.int - 1000 in self.alone else self._outcome(order, stop)
            for order, stop in zip(orders, stops, strict=True)
        ]

    def _outcome(self, order: JobQueued, stop: asyncio.Event) -> Outcome:
        code = FailureCode.CANCELLED if stop.is_set() else FailureCode.WORKER_LOST
        if stop.is_set() or order.attempt_id.int - 1000 in self.fails:
            return ExecutionFailed(attempt_id=order.attempt_id, leg=order.leg, code=code, detail="so", remedy="none")
        return an_answer(order)


def large(number: int, *, seed: int = 1, job: int | None = None, **changes: object) -> Envelope:
    envelope = an_order(number, size="large", job=job, **changes)  # type: ignore[arg-type]
    assert isinstance(envelope.data, JobQueued)
    data = envelope.data.model_copy(update={"seed": seed})
    return Envelope(
        envelope.id, envelope.source, envelope.subject, envelope.time, data, envelope.tenant, 3, envelope.traceparent
    )


@asynccontextmanager
async def a_worker(joiner: ScriptedJoiner) -> AsyncIterator[OneWorker]:
    worker = OneWorker(joiner=joiner)
    await worker.bus.start()
    try:
        yield worker
    finally:
        for task in (asyncio.ensure_future(worker.shell.stop(0)), asyncio.ensure_future(worker.bus.stop(0))):
            await task


async def given(worker: OneWorker, *orders: Envelope) -> None:
    """Two orders that are like no others hold both places until all others wait."""
    await worker.give(large(98, seed=0), large(99, seed=0))
    await worker.give(*orders)
    await worker.executor.finish(98)
    await worker.executor.finish(99)


async def test_orders_that_wait_together_and_are_alike_run_together() -> None:
    joiner = ScriptedJoiner(fails=frozenset({2}))
    async with a_worker(joiner) as worker:
        await given(worker, large(1), large(2), large(3, seed=2), large(4), large(5, seed=2))

        assert sorted(map(sorted, joiner.groups)) == [[1, 2, 4], [3, 5]]
        assert worker.outcomes() == {98: "ok", 99: "ok", 1: "ok", 2: "worker_lost", 3: "ok", 4: "ok", 5: "ok"}
        started = [each.data.attempt_id.int - 1000 for each in worker.said() if isinstance(each.data, JobStarted)]
        assert sorted(started) == [1, 2, 3, 4, 5, 98, 99]
        assert await worker.undone() == 0


async def test_no_more_run_together_than_may_and_the_last_runs_alone() -> None:
    joiner = ScriptedJoiner()
    async with a_worker(joiner) as worker:
        await given(worker, large(1), large(2), large(3), large(4))
        [left] = {1, 2, 3, 4} - set(joiner.groups[0])
        assert f"start {left}" in worker.executor.log
        await worker.executor.finish(left)

        assert [len(group) for group in joiner.groups] == [3]
        assert worker.outcomes() == dict.fromkeys((98, 99, 1, 2, 3, 4), "ok")


async def test_one_that_nobody_wants_any_more_is_no_member() -> None:
    joiner = ScriptedJoiner()
    async with a_worker(joiner) as worker:
        await worker.give(large(98, seed=0), large(99, seed=0))
        await worker.give(large(1), large(2), large(3))

        await worker.abandon(2)
        await worker.executor.finish(98)

        assert joiner.groups == [[1, 3]]
        assert 2 not in worker.outcomes()


async def test_a_member_is_told_to_stop_while_the_others_go_on() -> None:
    joiner = ScriptedJoiner(hold=asyncio.Event())
    async with a_worker(joiner) as worker:
        await given(worker, large(1), large(2))

        await worker.abandon(2)
        assert {number: stop.is_set() for number, stop in joiner.stops.items()} == {1: False, 2: True}
        joiner.hold.set()  # type: ignore[union-attr]
        await settle()

        assert {number: said for number, said in worker.outcomes().items() if number < 90} == {1: "ok", 2: "cancelled"}


async def test_two_orders_of_one_job_never_run_at_once() -> None:
    joiner = ScriptedJoiner()
    async with a_worker(joiner) as worker:
        await given(worker, large(1, job=7), large(2, job=7), large(3))
        await worker.executor.finish(2)

        assert joiner.groups == [[1, 3]]


async def test_what_comes_too_late_is_answered_and_not_run() -> None:
    joiner = ScriptedJoiner()
    async with a_worker(joiner) as worker:
        await worker.give(large(98, seed=0), large(99, seed=0))
        await worker.give(large(1), large(2, deadline=START + timedelta(seconds=5)), large(3))

        worker.clock.spend(10)
        await worker.executor.finish(98)

        assert joiner.groups == [[1, 3]]
        assert worker.outcomes()[2] == "cancelled"


async def test_those_that_are_to_run_alone_keep_nobody_waiting_and_are_the_next() -> None:
    joiner = ScriptedJoiner(alone=frozenset({1, 4}))
    async with a_worker(joiner) as worker:
        await given(worker, large(1), large(2), large(4), large(5, seed=0))

        assert {number: said for number, said in worker.outcomes().items() if number < 90} == {2: "ok"}
        assert sorted(worker.executor.log[3:]) == ["end 99", "start 1", "start 4"]
        await worker.abandon(4)
        await worker.executor.finish(1)
        await worker.executor.finish(5)

        assert joiner.groups == [[1, 2, 4]]
        assert {number: said for number, said in worker.outcomes().items() if number < 90} == {
            1: "ok",
            2: "ok",
            4: "cancelled",
            5: "ok",
        }
        assert await worker.undone() == 0


async def test_what_breaks_inside_is_told_of_each(caplog: pytest.LogCaptureFixture) -> None:
    async with a_worker(ScriptedJoiner(breaks=True)) as worker:
        await given(worker, large(1), large(2))

        assert {number: said for number, said in worker.outcomes().items() if number < 90} == {
            1: "internal",
            2: "internal",
        }
        assert "An attempt failed inside." in caplog.text


async def test_those_that_are_to_run_alone_say_when_each_will_be_heard_of_and_none_is_too_late_then() -> None:
    joiner = ScriptedJoiner(alone=frozenset({1, 2, 4, 5}))
    soon: dict[str, Any] = {"begin_by": START + timedelta(seconds=5)}
    async with a_worker(joiner) as worker:
        await given(worker, large(1, **soon), large(2, **soon), large(4, **soon), large(5, **soon))
        signs = [each.data for each in worker.said() if isinstance(each.data, ExecutionProgressed)]
        assert [each.next_within_s for each in signs] == [1.0, 2.0, 3.0]
        assert len({each.attempt_id for each in signs}) == 3

        worker.clock.spend(10)
        for _ in range(3):
            begun = [int(line.split()[1]) for line in worker.executor.log if line.startswith("start")]
            await worker.executor.finish(next(each for each in begun if not worker.executor.release[each].done()))

        [late] = {1, 2, 4, 5} - {each.attempt_id.int - 1000 for each in signs}
        assert {number: said for number, said in worker.outcomes().items() if number < 90} == {
            number: "worker_lost" if number == late else "ok" for number in (1, 2, 4, 5)
        }
