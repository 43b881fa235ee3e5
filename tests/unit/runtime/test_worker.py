"""The shell of a worker, on the bus in memory and a clock that is moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts.channels import EXECUTIONS, dead_letter, queued
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.events import (
    ExecutionFailed,
    ExecutionProgressed,
    ExecutionSucceeded,
    JobStarted,
)
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import derive_id
from queuebit_runtime.bus.port import Outgoing
from tests.fakes.moved_clock import START, settle
from tests.unit.runtime.one_worker import TRACE, OneWorker, a_record, an_answer, an_order


@pytest.fixture
async def world() -> AsyncIterator[OneWorker]:
    found = OneWorker()
    await found.bus.start()
    yield found
    for task in (asyncio.ensure_future(found.shell.stop(0)), asyncio.ensure_future(found.bus.stop(0))):
        await task


async def test_it_runs_small_orders_at_once_and_answers_each(world: OneWorker) -> None:
    orders = [an_order(number) for number in range(50)]
    await world.give(*orders)
    assert world.outcomes() == dict.fromkeys(range(50), "ok")
    assert world.executor.batches == []
    assert await world.undone() == 0
    answer = next(each for each in world.said() if each.subject == str(UUID(int=7)))
    assert answer == Envelope(
        id=derive_id(UUID(int=5007), "ExecutionSucceeded"),
        source="/queuebit/classical-solver",
        subject=str(UUID(int=7)),
        time=START,
        data=an_answer(orders[7].data),  # type: ignore[arg-type]
        tenant="acme",
        traceparent=TRACE,
    )
    assert {each.key for each in world.broker.records(EXECUTIONS)} == {
        str(UUID(int=each)).encode() for each in range(50)
    }


async def test_it_runs_what_is_left_of_a_batch_after_five_milliseconds_in_one_hop(world: OneWorker) -> None:
    world.executor.spend = lambda: world.clock.spend(0.002)
    await world.give(*(an_order(number, tier="interactive", job=1) for number in range(9)))
    assert world.outcomes() == dict.fromkeys(range(9), "ok")
    assert world.executor.log == [f"small {number}" for number in range(9)]
    assert world.executor.batches == [6]
    assert await world.undone() == 0


async def test_it_says_that_a_large_order_has_started_and_is_not_done_before_its_answer(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    assert [each.data for each in world.said()] == [
        JobStarted(attempt_id=UUID(int=1001), leg="classical", worker="w-1", started_at=START)
    ]
    assert await world.undone() == 1
    await world.executor.finish(1)
    assert world.outcomes() == {1: "ok"}
    assert await world.undone() == 0


async def test_it_runs_no_more_large_orders_at_once_than_it_may_and_the_urgent_first(world: OneWorker) -> None:
    await world.give(an_order(1, size="large", tier="scheduled"), an_order(2, size="large", tier="scheduled"))
    await world.give(an_order(3, size="large", tier="scheduled"), an_order(4, size="large", tier="batch"))
    await world.give(an_order(5, size="large", tier="interactive"))
    assert sorted(world.executor.log) == ["start 1", "start 2"]
    world.executor.log.clear()
    for number in (1, 2, 5, 4):
        await world.executor.finish(number)
    assert [each for each in world.executor.log if each.startswith("start")] == ["start 5", "start 4", "start 3"]


async def test_it_never_runs_two_large_orders_of_one_job_at_once(world: OneWorker) -> None:
    await world.give(an_order(1, size="large", job=9), an_order(2, size="large", job=9), an_order(3, size="large"))
    assert sorted(world.executor.log) == ["start 1", "start 3"]
    await world.executor.finish(1)
    assert world.executor.log[-1] == "start 2"


async def test_it_does_not_run_an_attempt_twice_that_comes_twice_while_it_runs(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    await world.give(an_order(1, size="large"))
    await world.executor.finish(1)
    assert world.executor.log == ["start 1", "end 1"]
    assert await world.undone() == 0


async def test_it_gives_the_same_ids_when_an_order_comes_again_after_it_was_done(world: OneWorker) -> None:
    await world.give(an_order(1))
    await world.give(an_order(1))
    ids = [each.id for each in world.said()]
    assert ids == [derive_id(UUID(int=5001), "ExecutionSucceeded")] * 2


async def test_it_stops_a_running_attempt_that_is_abandoned_and_books_what_it_says(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    await world.abandon(1)
    assert world.outcomes() == {1: "cancelled"}
    assert await world.undone() == 0


async def test_it_ends_an_abandoned_attempt_that_does_not_listen(world: OneWorker) -> None:
    world.executor.deaf = True
    await world.give(an_order(1, size="large"))
    await world.abandon(1)
    assert world.outcomes() == {}
    await world.clock.advance(3.1)
    assert world.outcomes() == {1: "cancelled"}


async def test_it_skips_an_abandoned_attempt_that_waits_and_one_that_comes_later(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"), an_order(2, size="large"))
    await world.give(an_order(3, size="large"))
    await world.abandon(3)
    await world.abandon(4)
    await world.give(an_order(4))
    for number in (1, 2):
        await world.executor.finish(number)
    assert world.outcomes() == {1: "ok", 2: "ok"}
    assert await world.undone() == 0


@pytest.mark.parametrize("size", ["small", "large"])
async def test_it_does_not_run_an_order_whose_deadline_has_passed(world: OneWorker, size: str) -> None:
    await world.give(an_order(1, size=size, deadline=START - timedelta(seconds=1)))
    assert world.executor.log == []
    assert [each.data for each in world.said()] == [
        ExecutionFailed(
            attempt_id=UUID(int=1001),
            leg="classical",
            code=FailureCode.CANCELLED,
            detail="deadline passed",
            remedy="Submit again if you still want it.",
        )
    ]


async def test_it_turns_what_an_executor_raises_into_a_failure(world: OneWorker) -> None:
    await world.give(an_order(1, size="broken"), an_order(2), an_order(3, size="large"))
    await world.executor.finish(3, RuntimeError("lost"))
    assert world.outcomes() == {1: "internal", 2: "ok", 3: "internal"}
    details = {each.data.detail for each in world.said() if isinstance(each.data, ExecutionFailed)}
    assert details == {"ValueError: no such node", "RuntimeError: lost"}


async def test_it_says_so_when_an_answer_is_larger_than_a_record_may_be(world: OneWorker) -> None:
    await world.give(an_order(1, size="huge"), an_order(2))
    assert world.outcomes() == {1: "internal", 2: "ok"}


async def test_it_publishes_progress_thinned_out_the_latest_wins(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    for number in range(30):
        world.executor.progress[1](ExecutionProgressed(attempt_id=UUID(int=1001), leg="classical", elapsed_s=number))
        await world.clock.advance(0.1)
    await world.executor.finish(1)
    said = [each.data for each in world.said()]
    elapsed = [each.elapsed_s for each in said if isinstance(each, ExecutionProgressed)]
    assert elapsed[0] == 0
    assert 3 <= len(elapsed) <= 4
    assert elapsed == sorted(elapsed)
    assert isinstance(said[-1], ExecutionSucceeded)


async def test_it_publishes_at_most_sixty_reports_of_an_attempt(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    for number in range(100):
        world.executor.progress[1](ExecutionProgressed(attempt_id=UUID(int=1001), leg="classical", elapsed_s=number))
        await world.clock.advance(1.5)
    reports = [each for each in world.said() if isinstance(each.data, ExecutionProgressed)]
    assert len(reports) == 60
    assert len({each.id for each in reports}) == 60


async def test_it_sends_results_again_until_they_are_acknowledged(world: OneWorker) -> None:
    world.broker.fail_publishes(0)
    await world.give(an_order(1, size="large"))
    world.broker.fail_publishes(3)
    await world.executor.finish(1)
    assert world.outcomes() == {}
    assert await world.undone() == 1
    await world.clock.advance(10)
    assert world.outcomes() == {1: "ok"}
    assert await world.undone() == 0


async def test_it_puts_aside_what_is_no_order(world: OneWorker) -> None:
    await world.bus.publish([Outgoing(queued("classical", "batch"), b"k", b"{}", []), a_record(an_order(1))])
    await settle()
    assert world.outcomes() == {1: "ok"}
    assert len(world.broker.records(dead_letter("classical-solver.batch"))) == 1
    assert await world.undone() == 0


async def test_it_leaves_long_work_undone_when_it_stops(world: OneWorker) -> None:
    """Given a running and a waiting large order, when the worker stops, then another gets both."""
    await world.give(*(an_order(number, size="large", job=7) for number in (1, 2)))
    stop = asyncio.ensure_future(world.shell.stop(5.0))
    await world.clock.advance(4.0)
    assert not stop.done()
    await world.clock.advance(2.0)
    await stop
    assert await world.undone() == 2
    assert world.outcomes() == {}


async def test_it_finishes_what_is_short_when_it_stops(world: OneWorker) -> None:
    await world.give(an_order(1, size="large"))
    stop = asyncio.ensure_future(world.shell.stop(5.0))
    await settle()
    await world.executor.finish(1)
    await world.clock.advance(0.1)
    assert stop.done()
    assert world.outcomes() == {1: "ok"}
