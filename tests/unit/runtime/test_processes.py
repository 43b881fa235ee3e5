"""Processes of a pool: used again, killed with what they hold, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from queuebit_runtime.errors import PoolStopped, PoolTimeout
from queuebit_runtime.processes.pool import ProcessPool

TASKS = "tests.contract.pool.pool_tasks"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    found = ProcessPool(workers_max=2, memory_max_mb=200)
    yield found
    await found.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def test_it_uses_a_process_again_with_one_thread_each(pool: ProcessPool) -> None:
    first, threads = await pool.run(f"{TASKS}:where", None, timeout_s=30)
    second, _ = await pool.run(f"{TASKS}:where", None, timeout_s=30)
    assert (first, threads) == (second, "1")
    assert first != os.getpid()


async def test_it_kills_a_task_on_request_and_starts_another_process(pool: ProcessPool, tmp_path: Path) -> None:
    """Given a task that never ends, when it is stopped, then its process is gone and the pool goes on."""
    mark, stop = tmp_path / "pid", asyncio.Event()
    task = asyncio.ensure_future(pool.run(f"{TASKS}:say_and_spin", str(mark), timeout_s=60, stop=stop))
    await until(lambda: mark.exists() and bool(mark.read_text()))
    stop.set()
    with pytest.raises(PoolStopped):
        await task
    assert not runs(int(mark.read_text()))
    assert await pool.run(f"{TASKS}:double", 1, timeout_s=30) == 2


async def test_a_task_that_asks_to_be_told_may_put_away_what_it_holds_elsewhere(
    pool: ProcessPool, tmp_path: Path
) -> None:
    mark, stop = tmp_path / "pid", asyncio.Event()
    task = asyncio.ensure_future(pool.run(f"{TASKS}:put_away", str(mark), timeout_s=60, stop=stop))
    await until(lambda: mark.exists() and bool(mark.read_text()))
    stop.set()
    with pytest.raises(PoolStopped):
        await task
    assert not runs(int(mark.read_text()))
    assert mark.with_suffix(".away").exists()


async def test_it_kills_a_task_whose_caller_gives_up(pool: ProcessPool, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    task = asyncio.ensure_future(pool.run(f"{TASKS}:say_and_spin", str(mark), timeout_s=60))
    await until(lambda: mark.exists() and bool(mark.read_text()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not runs(int(mark.read_text()))


async def test_it_kills_a_task_at_its_time_limit(pool: ProcessPool, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    with pytest.raises(PoolTimeout):
        await pool.run(f"{TASKS}:say_and_spin", str(mark), timeout_s=0.5)
    assert not mark.exists() or not runs(int(mark.read_text()))


async def test_a_task_that_waits_for_a_place_can_be_stopped(tmp_path: Path) -> None:
    pool, mark, stop = ProcessPool(workers_max=1, memory_max_mb=200), tmp_path / "pid", asyncio.Event()
    running = asyncio.ensure_future(pool.run(f"{TASKS}:say_and_spin", str(mark), timeout_s=60))
    await until(mark.exists)
    waiting = asyncio.ensure_future(pool.run(f"{TASKS}:double", 1, timeout_s=60, stop=stop))
    await asyncio.sleep(0)
    stop.set()
    with pytest.raises(PoolStopped):
        await waiting
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_no_process_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = (
        "import asyncio\nfrom queuebit_runtime.processes.pool import ProcessPool\n"
        f"asyncio.run(ProcessPool(1, 200).run('{TASKS}:say_and_spin', {str(mark)!r}, timeout_s=60))\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=subprocess.DEVNULL)
    await until(lambda: mark.exists() and bool(mark.read_text()))
    child = int(mark.read_text())
    assert runs(child)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not runs(child))
