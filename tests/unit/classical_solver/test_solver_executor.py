"""The executor: a work order in, the event that ends the attempt out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queuebit_classical_solver.ports import Limits, Progress
from queuebit_classical_solver.shell.executor import ClassicalExecutor
from queuebit_classical_solver.shell.outcome import package_versions
from queuebit_classical_solver.shell.task import Task
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode, remedy_on
from queuebit_contracts.jobs import Lane, Problem, Ran
from queuebit_problems.registry import parse_optimisation
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed, PoolError, PoolMemory, PoolStopped, PoolTimeout, TaskFailed
from queuebit_runtime.processes.pool import InlinePool, ProcessPool
from queuebit_runtime.worker.reports import pool_code
from tests.unit.classical_solver.orders import a_hard_cut, a_triangle, an_instance, an_order, as_problem

NO_NODES = Problem(kind="maxcut", statement={"nodes": 0, "edges": []})
NOT_A_NUMBER = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, float("nan")]]})
VERSION = package_versions()["queuebit-problems"]


class ScriptedPool:
    """A pool that tells of progress and then ends as the test says."""

    def __init__(self, progress: list[Progress], ending: PoolError) -> None:
        self.progress = progress
        self.ending = ending
        self.tasks: list[Any] = []

    async def run(self, function_path: str, argument: Any, *, on_progress: Any = None, **_: Any) -> Any:
        self.tasks.append((function_path, argument))
        for item in self.progress:
            on_progress(item)
        raise self.ending

    async def close(self) -> None:
        return


def some_placements(facilities: int) -> Problem:
    table = [[abs(i - k) for k in range(facilities)] for i in range(facilities)]
    return Problem(kind="quadratic_assignment", statement={"flows": table, "distances": table})


def some_customers(customers: int) -> Problem:
    places = [[number, number * number % 7] for number in range(customers + 1)]
    statement = {"metric": "EUC_2D", "coordinates": places, "demands": [0, *[1] * customers], "capacity": 4}
    return Problem(kind="cvrp", statement=statement)


def some_jobs(agents: int, jobs: int) -> Problem:
    table = [[1 + (i + k) % 3 for k in range(jobs)] for i in range(agents)]
    statement = {"profits": table, "weights": table, "capacities": [3 * jobs] * agents}
    return Problem(kind="generalised_assignment", statement=statement)


def a_ring(colours: int) -> Problem:
    """Five nodes, which need three colours."""
    ring = [[1, 2], [2, 3], [3, 4], [4, 5], [1, 5]]
    return Problem(kind="graph_colouring", statement={"nodes": 5, "edges": ring, "colours": colours})


def some_assets(budget: int | None) -> Problem:
    covariances = [[1.0 if i == k else 0.1 for k in range(6)] for i in range(6)]
    chosen = {} if budget is None else {"budget": budget}
    return Problem(kind="portfolio", statement={"expected_returns": [0.1] * 6, "covariances": covariances, **chosen})


def an_executor(pool: Any = None) -> ClassicalExecutor:
    return ClassicalExecutor(pool or InlinePool(), SystemClock(), worker="solver-1")


async def run(
    executor: ClassicalExecutor, order: Any, stop: asyncio.Event | None = None
) -> tuple[ExecutionSucceeded | ExecutionFailed, list[ExecutionProgressed]]:
    told: list[ExecutionProgressed] = []
    return await executor.run(order, told.append, stop or asyncio.Event()), told


def test_a_small_order_is_enumerated_at_once() -> None:
    executor, order = an_executor(), an_order(a_triangle())
    assert executor.is_small(order)
    event = executor.run_small(order)
    assert isinstance(event, ExecutionSucceeded)
    assert event.ran == Ran(
        lane="classical", method="enumeration", backend="queuebit-problems", backend_version=VERSION
    )
    assert (event.objective, event.bound, event.proven_optimal) == (2, 2, True)
    assert (event.problem, event.params, event.worker) == (order.problem, {}, "solver-1")
    assert event.evidence == {"status": "OPTIMAL"}
    assert event.provenance["seed"] == 7
    assert ExecutionSucceeded.model_validate_json(encode_data(event)) == event


def test_run_small_needs_no_is_small_before_it() -> None:
    order = an_order(a_triangle())
    first, second = an_executor().run_small(order), an_executor().run_small(order)
    assert isinstance(first, ExecutionSucceeded)
    assert isinstance(second, ExecutionSucceeded)
    assert first.answer == second.answer


@pytest.mark.parametrize(
    ("problem", "lane", "small"),
    [
        (a_triangle(), "classical", True),
        (a_triangle(), "rule", True),
        (a_hard_cut(), "classical", False),
        (a_hard_cut(), "rule", False),
        (a_hard_cut(20), "classical", False),
        (a_hard_cut(20), "rule", True),
        (some_placements(7), "classical", True),
        (some_placements(8), "classical", False),
        (some_customers(9), "classical", True),
        (some_customers(10), "classical", False),
        (some_jobs(3, 8), "classical", True),
        (some_jobs(3, 12), "classical", False),
        (some_assets(3), "classical", True),
        (some_assets(None), "classical", False),
        (a_ring(3), "classical", True),
        (a_ring(2), "classical", False),
        (a_ring(2), "rule", True),
        (NO_NODES, "classical", True),
        (Problem(kind="nothing", statement={}), "classical", True),
    ],
)
def test_what_is_small(problem: Problem, lane: str, small: bool) -> None:
    assert an_executor().is_small(an_order(problem, lane=lane)) is small


@pytest.mark.parametrize(
    ("problem", "lane", "code"),
    [
        (NO_NODES, "classical", FailureCode.PROBLEM_INVALID),
        (NOT_A_NUMBER, "classical", FailureCode.PROBLEM_INVALID),
        (Problem(kind="nothing", statement={}), "classical", FailureCode.PROBLEM_UNSUPPORTED),
        (a_triangle(), "quantum", FailureCode.PROBLEM_UNSUPPORTED),
    ],
)
async def test_what_cannot_be_done_is_refused_with_its_code(problem: Problem, lane: Lane, code: FailureCode) -> None:
    order = an_order(problem, lane=lane)
    small = an_executor().run_small(order)
    large, _ = await run(an_executor(), order)
    for event in (small, large):
        assert isinstance(event, ExecutionFailed)
        assert (event.code, event.remedy, event.leg) == (code, remedy_on(code, lane), "classical")


async def test_a_large_order_goes_through_the_pool_and_tells_how_far_it_is() -> None:
    kind, statement, best_known = an_instance("mc_040_003_000")
    event, told = await run(an_executor(), an_order(as_problem(kind, statement)))
    assert isinstance(event, ExecutionSucceeded)
    assert (event.objective, event.proven_optimal) == (best_known, True)
    assert (event.ran.method, event.ran.backend, event.ran.backend_version) == (
        "cp-sat",
        "ortools",
        package_versions()["ortools"],
    )
    assert event.provenance["parameters"]["random_seed"] == 7
    assert len(event.provenance["model_fingerprint"]) == 64
    assert told[0].detail == "greedy + local search"
    assert all(each.attempt_id == event.attempt_id for each in told)


async def test_the_rule_lane_takes_the_default_answer_without_a_search() -> None:
    problem = a_hard_cut()
    kind, statement = parse_optimisation(problem)
    event, told = await run(an_executor(), an_order(problem, lane="rule"))
    assert isinstance(event, ExecutionSucceeded)
    assert event.answer == kind.default_answer(statement)
    assert (event.ran.lane, event.ran.method, told) == ("rule", "default answer", [])


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (PoolTimeout(), FailureCode.BUDGET_EXHAUSTED),
        (PoolMemory(), FailureCode.MEMORY_EXHAUSTED),
        (PoolCrashed(), FailureCode.WORKER_LOST),
        (PoolStopped(), FailureCode.CANCELLED),
        (TaskFailed("ValueError", "x"), FailureCode.INTERNAL),
    ],
)
async def test_a_process_that_ends_without_an_answer_is_told_by_its_code(ending: PoolError, code: FailureCode) -> None:
    event, _ = await run(an_executor(ScriptedPool([], ending)), an_order(a_hard_cut()))
    assert isinstance(event, ExecutionFailed)
    assert (event.code, pool_code(ending)) == (code, code)


async def test_a_process_that_is_killed_still_answers_with_the_best_it_told_of() -> None:
    problem = a_hard_cut()
    kind, statement = parse_optimisation(problem)
    answer = kind.heuristic(statement, 1)
    assert answer is not None
    objective = kind.objective(statement, answer)
    pool = ScriptedPool([Progress(objective, 10_000, answer, "cp-sat"), Progress(bound=900)], PoolMemory())
    event, told = await run(an_executor(pool), an_order(problem))
    assert isinstance(event, ExecutionSucceeded)
    assert (event.answer, event.objective, event.bound, event.proven_optimal) == (answer, objective, 900, False)
    assert event.provenance["search"] == str(PoolMemory())
    assert [(each.objective, each.bound) for each in told] == [(objective, 10_000), (objective, 900)]
    assert pool.tasks == [
        ("queuebit_classical_solver.shell.child:solve", Task(problem, "search", Limits(10.0, 7, repeatable=True)))
    ]


async def test_what_a_killed_process_told_of_is_checked_before_it_is_an_answer() -> None:
    pool = ScriptedPool([Progress(10**6, None, {"side": [0, 1]}, "cp-sat")], PoolMemory())
    event, _ = await run(an_executor(pool), an_order(a_hard_cut()))
    assert isinstance(event, ExecutionFailed)


async def test_a_stop_kills_the_process_of_a_search_that_would_go_on() -> None:
    pool = ProcessPool(workers_max=1, memory_max_mb=1000)
    stop, told = asyncio.Event(), list[ExecutionProgressed]()

    def hear(progress: ExecutionProgressed) -> None:
        told.append(progress)
        if progress.detail == "cp-sat":
            stop.set()

    try:
        event = await an_executor(pool).run(an_order(a_hard_cut(), budget_s=3000.0), hear, stop)
    finally:
        await pool.close()
    assert isinstance(event, ExecutionFailed)
    assert event.code is FailureCode.CANCELLED
    assert told
