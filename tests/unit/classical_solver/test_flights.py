"""The same question asked more than once at a time: worked out once a tenant, answered each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from queuebit_classical_solver.shell.executor import RESCUED
from queuebit_classical_solver.shell.flights import OF_THE_PROBLEM, Flights
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import seed_of
from queuebit_contracts.jobs import Problem, Usage
from queuebit_contracts.model import copy_with
from queuebit_runtime.worker.reports import failed
from tests.builders import a_problem, a_success
from tests.fakes.moved_clock import settle
from tests.unit.runtime.one_worker import OneWorker, a_record
from tests.unit.runtime.one_worker import an_order as one_order

USED = Usage(wall_s=3.0, iterations=7)


def an_order(nth: int, **changes: Any) -> JobQueued:
    problem = changes.pop("problem", a_problem())
    values: dict[str, Any] = {
        "attempt_id": UUID(int=nth), "leg": "primary-classical", "role": "primary", "lane": "classical", "number": 1,
        "tier": "batch", "problem": problem, "fingerprint": fingerprint(problem), "seed": 1, "budget_s": 10.0, **changes,
    }  # fmt: skip
    return JobQueued(**values)


@dataclass
class Held:
    """An executor whose runs end when they are told to."""

    begun: list[int] = field(default_factory=list)
    ends: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def is_small(self, order: JobQueued) -> bool:
        return order.seed == 0

    def run_small(self, order: JobQueued) -> ExecutionSucceeded:
        return answer(order)

    async def run(
        self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> ExecutionSucceeded | ExecutionFailed:
        del progress
        nth = order.attempt_id.int
        self.begun.append(nth)
        self.ends[nth] = asyncio.get_running_loop().create_future()
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait((self.ends[nth], stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not self.ends[nth].done():
            return failed(order, FailureCode.CANCELLED, "told to")
        found = self.ends[nth].result()
        if isinstance(found, Exception):
            raise found
        if isinstance(found, FailureCode):
            return failed(order, found, "so it is", usage=USED)
        if isinstance(found, dict):
            return answer(order).model_copy(update={"provenance": found})
        return answer(order) if found is None else failed(order, FailureCode.INTERNAL, found)

    async def end(self, nth: int, what: Any = None) -> None:
        self.ends[nth].set_result(what)
        await settle()


def job_of(order: JobQueued) -> str:
    """Each order is of a job of its own."""
    return str(UUID(int=order.attempt_id.int << 40))


def answer(order: JobQueued) -> ExecutionSucceeded:
    return a_success(attempt_id=order.attempt_id, problem=order.problem, usage=USED, evidence={"status": "OPTIMAL"})


@dataclass
class Desk:
    """Flights over a held executor."""

    held: Held = field(default_factory=Held)
    stops: dict[int, asyncio.Event] = field(default_factory=dict)
    signs: list[ExecutionProgressed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flights = Flights(self.held)

    async def ask(self, order: JobQueued, tenant: str | None = "acme") -> asyncio.Task[Any]:
        self.flights.alike(order, tenant, job_of(order))
        stop = self.stops[order.attempt_id.int] = asyncio.Event()
        return await self._begun(self.flights.run(order, self.signs.append, stop))

    async def ask_together(self, *orders: JobQueued) -> asyncio.Task[Any]:
        for order in orders:
            self.flights.alike(order, "acme", job_of(order))
            self.stops[order.attempt_id.int] = asyncio.Event()
        return await self._begun(
            self.flights.run_joined(orders, [self.stops[order.attempt_id.int] for order in orders])
        )

    async def _begun(self, run: Awaitable[Any]) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(run)
        await settle()
        return task


async def test_what_is_asked_while_the_same_is_worked_out_waits_for_that() -> None:
    desk = Desk()
    first = await desk.ask(an_order(1))
    others = await desk.ask_together(*(an_order(nth) for nth in range(2, 101)))

    assert desk.held.begun == [1]
    await desk.held.end(1)

    assert await first == answer(an_order(1))
    found = await others
    assert [each.attempt_id.int for each in found] == list(range(2, 101))
    assert desk.held.begun == [1]
    assert {(each.usage, each.evidence["from_attempt"]) for each in found} == {(Usage(), str(UUID(int=1)))}
    assert found[0] == answer(an_order(2)).model_copy(
        update={"usage": Usage(), "evidence": {"status": "OPTIMAL", "from_attempt": str(UUID(int=1))}}
    )


@pytest.mark.parametrize(
    ("changes", "tenant"),
    [
        ({"seed": 2}, "acme"),
        ({"budget_s": 11.0}, "acme"),
        ({"params": {"layers": 2}}, "acme"),
        ({"params": {"cache": "never"}}, "acme"),
        ({"params": {"reproducible": False}}, "acme"),
        ({"lane": "rule"}, "acme"),
        ({"role": "shadow"}, "acme"),
        ({"hint": {"side": [0]}}, "acme"),
        ({"problem": Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, 5]]})}, "acme"),
        ({}, "globex"),
        ({}, None),
    ],
)
async def test_what_differs_in_anything_is_worked_out_for_itself(changes: dict[str, Any], tenant: str | None) -> None:
    desk = Desk()

    await desk.ask(an_order(1))
    await desk.ask(an_order(2, **changes), tenant)

    assert desk.held.begun == [1, 2]


async def test_jobs_that_ask_for_no_seed_have_seeds_of_their_own_and_are_worked_out_once() -> None:
    desk = Desk()
    orders = [an_order(nth, seed=seed_of(UUID(job_of(an_order(nth))))) for nth in (1, 2, 3)]
    first, second = await desk.ask(orders[0]), await desk.ask(orders[1])
    shifted = await desk.ask(copy_with(orders[2], seed=orders[2].seed + 1))

    assert desk.held.begun == [1, 3], "the second leg of an ensemble is another try"
    await desk.held.end(1)
    await desk.held.end(3)

    assert [(await each).attempt_id.int for each in (first, second, shifted)] == [1, 2, 3]
    assert (await second).evidence["from_attempt"] == str(UUID(int=1))


@pytest.mark.parametrize("changes", [{"params": {"cache": "never"}}, {"params": {"reproducible": False}}])
async def test_two_that_want_no_other_answer_are_worked_out_each(changes: dict[str, Any]) -> None:
    desk = Desk()

    await desk.ask(an_order(1, **changes))
    await desk.ask(an_order(2, **changes))

    assert desk.held.begun == [1, 2]


@pytest.mark.parametrize("how", ["it failed", ValueError("no such node")])
async def test_where_the_first_fails_the_second_works_it_out_itself(how: Any) -> None:
    desk = Desk()
    first = await desk.ask(an_order(1))
    second, third = await desk.ask(an_order(2)), await desk.ask(an_order(3))

    await desk.held.end(1, how)
    assert desk.held.begun == [1, 2]
    assert [each.attempt_id.int for each in desk.signs] == [2, 3], "neither is taken for lost while it goes on"
    await desk.held.end(2)

    await asyncio.wait((first,))
    assert (await second, (await third).evidence["from_attempt"]) == (answer(an_order(2)), str(UUID(int=2)))
    assert desk.held.begun == [1, 2]


@pytest.mark.parametrize("how", ["it failed", FailureCode.NO_ANSWER_FOUND, ValueError("no such node")])
async def test_of_those_that_wait_together_others_are_to_run_again_where_the_first_fails(how: Any) -> None:
    desk = Desk()
    together = await desk.ask_together(an_order(1), an_order(2), an_order(3))

    await desk.held.end(1, how)

    first, *others = await together
    assert others == [None, None]
    assert first.code is (how if isinstance(how, FailureCode) else FailureCode.INTERNAL)


@pytest.mark.parametrize("code", sorted(OF_THE_PROBLEM))
async def test_what_is_said_of_the_problem_is_said_to_all(code: FailureCode) -> None:
    desk = Desk()
    together = await desk.ask_together(an_order(1), an_order(2))
    alone = await desk.ask(an_order(3))

    await desk.held.end(1, code)

    first, second = await together
    third = await alone
    assert (first.code, first.usage, desk.held.begun) == (code, USED, [1])
    for nth, each in ((2, second), (3, third)):
        assert each == first.model_copy(update={"attempt_id": UUID(int=nth), "usage": Usage()})


async def test_what_a_killed_process_had_found_is_the_answer_of_its_own_order_alone() -> None:
    desk = Desk()
    together = await desk.ask_together(an_order(1), an_order(2))
    alone = await desk.ask(an_order(3))

    await desk.held.end(1, {RESCUED: True})
    await desk.held.end(3)

    first, second = await together
    assert (first.attempt_id.int, second, desk.held.begun) == (1, None, [1, 3])
    assert await alone == answer(an_order(3))


async def test_what_nobody_knows_any_more_runs_for_itself_and_has_an_outcome() -> None:
    desk = Desk()
    orders = an_order(1), an_order(2)

    together = asyncio.ensure_future(desk.flights.run_joined(orders, [asyncio.Event(), asyncio.Event()]))
    await settle()
    await desk.held.end(1)

    assert await together == [
        answer(an_order(1)),
        answer(an_order(2)).model_copy(
            update={"usage": Usage(), "evidence": {"status": "OPTIMAL", "from_attempt": str(UUID(int=1))}}
        ),
    ]


async def test_the_first_goes_on_as_long_as_anybody_wants_it() -> None:
    desk = Desk()
    together = await desk.ask_together(an_order(1), an_order(2))

    desk.stops[1].set()
    await settle()
    assert not together.done()
    await desk.held.end(1)

    stopped, wanted = await together
    assert (stopped.code, wanted.attempt_id.int) == (FailureCode.CANCELLED, 2)


async def test_what_nobody_wants_any_more_is_stopped() -> None:
    desk = Desk()
    together = await desk.ask_together(an_order(1), an_order(2))

    desk.stops[2].set()
    desk.stops[1].set()

    assert [each.code for each in await together] == [FailureCode.CANCELLED] * 2


async def test_who_waits_is_stopped_at_once_and_the_first_goes_on() -> None:
    desk = Desk()
    first, second = await desk.ask(an_order(1)), await desk.ask(an_order(2))

    desk.stops[2].set()
    assert (await second).code == FailureCode.CANCELLED
    await desk.held.end(1)

    assert await first == answer(an_order(1))


async def test_what_is_over_is_not_kept() -> None:
    desk = Desk()
    first = await desk.ask(an_order(1))
    await desk.held.end(1)
    await first

    await desk.ask(an_order(2))

    assert desk.held.begun == [1, 2]


def test_what_is_small_is_done_as_before() -> None:
    flights = Flights(Held())

    assert (flights.is_small(an_order(1, seed=0)), flights.is_small(an_order(1))) == (True, False)
    assert flights.run_small(an_order(1)) == answer(an_order(1))


async def test_a_worker_does_a_hundred_that_are_the_same_once_and_answers_each() -> None:
    worker = OneWorker(around=Flights)
    await worker.bus.start()
    try:
        await worker.give(*(one_order(nth, size="large") for nth in range(1, 101)))
        await worker.abandon(7)
        begun = [*worker.executor.log]
        await worker.executor.finish(1)

        assert begun == ["start 1"]
        assert worker.executor.log == ["start 1", "end 1"]
        assert worker.outcomes() == {nth: "cancelled" if nth == 7 else "ok" for nth in range(1, 101)}
        assert await worker.undone() == 0
    finally:
        await worker.shell.stop(0)
        await worker.bus.stop(0)


async def test_where_the_first_of_a_hundred_fails_one_more_is_run_and_answers_all_others() -> None:
    worker = OneWorker(around=Flights)
    await worker.bus.start()
    try:
        await worker.give(*(one_order(nth, size="large") for nth in range(1, 101)))
        order = one_order(1, size="large").data
        assert isinstance(order, JobQueued)
        await worker.executor.finish(1, failed(order, FailureCode.NO_ANSWER_FOUND, "nothing"))
        second = int(worker.executor.log[-1].removeprefix("start "))
        await worker.executor.finish(second)

        assert worker.executor.log == ["start 1", "end 1", f"start {second}", f"end {second}"]
        outcomes = worker.outcomes()
        assert outcomes.pop(1) != "ok"
        assert outcomes == dict.fromkeys(range(2, 101), "ok")
        assert await worker.undone() == 0
    finally:
        await worker.shell.stop(0)
        await worker.bus.stop(0)


async def test_where_two_in_turn_fail_each_that_is_left_runs_by_itself() -> None:
    worker = OneWorker(around=Flights)
    await worker.bus.start()
    try:
        await worker.give(*(one_order(nth, size="large") for nth in range(1, 5)))
        for _ in range(3):
            nth = int(worker.executor.log[-1].removeprefix("start "))
            order = one_order(nth, size="large").data
            assert isinstance(order, JobQueued)
            await worker.executor.finish(nth, failed(order, FailureCode.NO_ANSWER_FOUND, "nothing"))
        await worker.executor.finish(int(worker.executor.log[-1].removeprefix("start ")))

        assert sorted(worker.outcomes().values(), key=str).count("ok") == 1
        assert len(worker.outcomes()) == 4
        assert await worker.undone() == 0
    finally:
        await worker.shell.stop(0)
        await worker.bus.stop(0)


async def test_of_two_workers_one_works_out_what_has_one_key_and_the_other_goes_on_where_it_is_gone() -> None:
    """Given orders of many jobs that ask the same, as the relay keys them."""
    one = OneWorker(around=Flights)
    other = OneWorker(around=Flights, beside=one)
    workers = [one, other]
    for worker in workers:
        await worker.bus.start()
    try:
        await settle()
        orders = (a_record(one_order(nth, size="large")) for nth in range(1, 21))
        await one.bus.publish([each._replace(key=b"q-the-same") for each in orders])
        await settle()
        begun = [worker.executor.log for worker in workers]
        assert sorted(begun) == [[], ["start 1"]]

        leader, follower = workers if one.executor.log else workers[::-1]
        await leader.shell.stop(0)
        await leader.bus.stop(0)
        await settle()
        assert follower.executor.log == ["start 1"]
        await follower.executor.finish(1)

        assert follower.outcomes() == dict.fromkeys(range(1, 21), "ok")
        assert await follower.undone() == 0
    finally:
        for worker in workers:
            await worker.shell.stop(0)
            await worker.bus.stop(0)
