"""What every pool keeps to, and beside it what only processes can: be killed, and end by themselves."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_runtime.errors import PoolCrashed, PoolMemory, PoolStopped, PoolTimeout, TaskFailed
from queuebit_runtime.processes.pool import IDLE_NICENESS, NICENESS, InlinePool, Pool, ProcessPool
from queuebit_runtime.worker.reports import pool_code

TASKS = "tests.contract.pool.pool_tasks"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(params=["inline", "process"])
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    found: Pool = InlinePool() if request.param == "inline" else ProcessPool(workers_max=1, memory_max_mb=200)
    yield found
    await found.close()


@pytest.fixture
async def processes() -> AsyncIterator[ProcessPool]:
    found = ProcessPool(workers_max=1, memory_max_mb=200)
    yield found
    await found.close()


async def works(pool: Pool) -> bool:
    """Whether the pool still does what it is asked."""
    return bool(await pool.run(f"{TASKS}:double", 1, timeout_s=30) == 2)


async def test_it_returns_the_result_and_reports_progress(pool: Pool) -> None:
    progress: list[Any] = []
    assert await pool.run(f"{TASKS}:double", 21, timeout_s=30, on_progress=progress.append) == 42
    assert progress == ["half way"]


async def test_progress_comes_in_order_and_before_the_result(pool: Pool) -> None:
    progress: list[Any] = []
    assert await pool.run(f"{TASKS}:count", 500, timeout_s=30, on_progress=progress.append) == 500
    assert progress == list(range(500))


async def test_it_names_what_a_task_raised_and_goes_on(pool: Pool) -> None:
    with pytest.raises(TaskFailed, match="ValueError: too odd") as caught:
        await pool.run(f"{TASKS}:fail", "too odd", timeout_s=30)
    assert (caught.value.kind, pool_code(caught.value)) == ("ValueError", FailureCode.INTERNAL)
    assert await works(pool)


async def test_a_task_that_nobody_knows_is_a_task_that_failed(pool: Pool) -> None:
    with pytest.raises(TaskFailed):
        await pool.run(f"{TASKS}:nowhere", None, timeout_s=30)
    assert await works(pool)


async def test_it_does_not_begin_what_was_stopped_before(pool: Pool) -> None:
    stop, progress = asyncio.Event(), list[Any]()
    stop.set()
    with pytest.raises(PoolStopped) as caught:
        await pool.run(f"{TASKS}:double", 21, timeout_s=30, on_progress=progress.append, stop=stop)
    assert (progress, pool_code(caught.value)) == ([], FailureCode.CANCELLED)
    assert await works(pool)


async def test_without_time_it_ends_for_want_of_time(pool: Pool) -> None:
    with pytest.raises(PoolTimeout) as caught:
        await pool.run(f"{TASKS}:double", 21, timeout_s=0)
    assert pool_code(caught.value) is FailureCode.BUDGET_EXHAUSTED
    assert await works(pool)


async def test_want_of_memory_is_told_apart_from_a_failure(pool: Pool) -> None:
    with pytest.raises(PoolMemory) as caught:
        await pool.run(f"{TASKS}:ask_too_much", None, timeout_s=30)
    assert pool_code(caught.value) is FailureCode.MEMORY_EXHAUSTED
    assert await works(pool)


async def test_a_process_that_ends_by_itself_is_told_and_replaced(processes: ProcessPool) -> None:
    with pytest.raises(PoolCrashed) as caught:
        await processes.run(f"{TASKS}:die", None, timeout_s=30)
    assert pool_code(caught.value) is FailureCode.WORKER_LOST
    assert await works(processes)


@pytest.mark.skipif(sys.platform != "linux", reason="the resident memory of a process is read from /proc")
async def test_a_process_that_grows_too_large_is_killed_and_replaced(processes: ProcessPool) -> None:
    with pytest.raises(PoolMemory):
        await processes.run(f"{TASKS}:grow", None, timeout_s=60)
    assert await works(processes)


@pytest.mark.parametrize(
    ("task", "argument", "complaint"),
    [("no_data", None, "The result cannot be pickled."), ("double", lambda: None, "The argument cannot be pickled.")],
)
async def test_what_cannot_travel_is_a_task_that_failed(
    task: str, argument: Any, complaint: str, processes: ProcessPool
) -> None:
    with pytest.raises(TaskFailed) as caught:
        await processes.run(f"{TASKS}:{task}", argument, timeout_s=30)
    assert caught.value.detail == complaint
    assert await works(processes)


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system has no policy for what is idle")
@pytest.mark.parametrize("niceness", [0, NICENESS, IDLE_NICENESS])
async def test_heavy_work_stands_back_as_far_as_it_is_told(niceness: int) -> None:
    pool = ProcessPool(workers_max=1, memory_max_mb=200, niceness=niceness)
    policy = os.SCHED_IDLE if niceness == IDLE_NICENESS else os.SCHED_OTHER
    try:
        assert await pool.run(f"{TASKS}:priority", None, timeout_s=30) == (os.nice(0) + niceness, policy)
    finally:
        await pool.close()


async def test_after_a_renewal_no_process_of_before_has_a_new_task(
    processes: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an environment that has changed, when the pool is renewed, then the next task sees the new one."""
    monkeypatch.setenv("A_TOKEN", "old")
    before = await processes.run(f"{TASKS}:variable", "A_TOKEN", timeout_s=60)
    monkeypatch.setenv("A_TOKEN", "new")
    assert await processes.run(f"{TASKS}:variable", "A_TOKEN", timeout_s=60) == before
    processes.renew()
    after = await processes.run(f"{TASKS}:variable", "A_TOKEN", timeout_s=60)
    assert (before[1], after[1]) == ("old", "new")
    assert after[0] != before[0]
    assert await processes.run(f"{TASKS}:variable", "A_TOKEN", timeout_s=60) == after


async def test_a_process_at_work_ends_its_task_and_takes_no_other_after_a_renewal(processes: ProcessPool) -> None:
    done = await processes.run(f"{TASKS}:variable", "HOME", timeout_s=60, on_progress=lambda _: processes.renew())
    assert (await processes.run(f"{TASKS}:variable", "HOME", timeout_s=60))[0] != done[0]
