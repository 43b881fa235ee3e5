"""`python -m queuebit_workbench.bench.admission`: what strangers can make admission cost, and whom it holds up.

First, bodies of at most 64 KiB are read as the gateway reads them. Then, on the real stack, one tenant's trivial jobs are timed
alone and beside another tenant who sends large statements, and the memory of the services is watched.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

import uvloop
from rich.console import Console

from queuebit_contracts.channels import COMPLETED, FAILED, SUBMITTED
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare
from queuebit_problems.registry import built_in_modules
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.bounded_work import in_processes
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.bench.driver import Driver, Route
from queuebit_workbench.bench.errors import BenchFailed
from queuebit_workbench.bench.flood import FLOOD, flood_of, large_question
from queuebit_workbench.bench.full import services
from queuebit_workbench.bench.holds import batches, bodies, measure_holds
from queuebit_workbench.bench.meter import Peaks, rss_mb
from queuebit_workbench.bench.questions import TENANT, upstream
from queuebit_workbench.bench.settings import BenchSettings

LOOP_S_BAR, PROCESS_S_BAR, P95_RATIO_BAR = 0.05, 1.0, 3.0
GAP_S = (0.05, 0.15)
WARM_UP_JOBS = 50


async def measure_flood(stack: Stack, large: int, jobs: int, console: Console) -> bool:
    """Whether the other tenant's p95 keeps the bar while one sends `large` statements."""
    async with AsyncExitStack() as opened:
        supervisor = await opened.enter_async_context(Supervisor(stack, services(stack)))
        pids = {name: supervisor.pid(name) for name in supervisor.names}
        ask, route = upstream(SystemClock(), 1), Route(SUBMITTED, COMPLETED, FAILED)
        driver = await opened.enter_async_context(Driver(stack.access(), route, ask, stuck_s=120.0))
        flood = await opened.enter_async_context(flood_of(stack, large))
        await driver.spaced(WARM_UP_JOBS, GAP_S, seed=1)
        quiet = _p95(await driver.spaced(jobs, GAP_S, seed=2))
        before = rss_mb(pids)
        async with Peaks(pids) as peaks:
            sending = asyncio.create_task(flood.communicate(b"go\n"))
            beside = _p95(await driver.spaced(jobs, GAP_S, seed=3))
            await sending
        if flood.returncode:
            raise BenchFailed(f"The flood ended with {flood.returncode}.")
    ratio = beside / quiet
    size_mb = len(large_question(0).value) / 1e6
    console.print(f"p95 of another tenant's jobs: {1000 * quiet:.0f} ms alone, {1000 * beside:.0f} ms beside {large} "
                  f"statements of {size_mb:.1f} MB: {ratio:.1f} times (bar {P95_RATIO_BAR:.0f})")  # fmt: skip
    for name in pids:
        console.print(
            f"  {name}: {before[name]:.0f} MB before, {peaks.rss_mb[name]:.0f} MB at its peak, with its workers"
        )
    return ratio <= P95_RATIO_BAR


def _p95(latencies_s: Sequence[float]) -> float:
    return quantiles(latencies_s, n=20)[-1]


async def report_holds(console: Console) -> bool:
    """Whether every body keeps the bars."""
    work = in_processes(("queuebit_gateway.http.admission", *built_in_modules()))
    try:
        holds = await measure_holds(work, bodies(), batches())
    finally:
        await work.close()
    for name, hold in holds.items():
        where = "in a worker" if hold.elsewhere else "on the loop"
        console.print(f"{name}: {hold.code}, {where}; loop held {1000 * hold.loop_s:.1f} ms, took {hold.took_s:.2f} s")
    worst_s = max(hold.loop_s for hold in holds.values())
    console.print(f"longest hold of the loop: {1000 * worst_s:.1f} ms (bar {1000 * LOOP_S_BAR:.0f} ms)")
    return worst_s <= LOOP_S_BAR


async def run(large: int, jobs: int, console: Console) -> bool:
    """Everything, on a fresh stack that goes with it."""
    kept = await report_holds(console)
    if not large:
        return kept
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="queuebit-admission-"))
    async with await start_stack(folder, remove=True) as stack:
        await prepare(stack)
        async with await PostgresStore.open(PostgresSettings(stack.postgres)) as store:
            for tenant in (TENANT, FLOOD):
                await store.add_tenant(tenant, SystemClock().now())
        return await measure_flood(stack, large, jobs, console) and kept


def main(argv: Sequence[str]) -> int:
    """Run it; the exit status says whether the bars were kept."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.admission", description=__doc__)
    parser.add_argument("--large", type=int, default=30, help="large statements to send; 0 leaves the stack out")
    parser.add_argument("--jobs", type=int, default=BenchSettings().idle_jobs * 5, help="the other tenant's jobs")
    given = parser.parse_args(argv)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return 0 if uvloop.run(run(given.large, given.jobs, Console(soft_wrap=True, highlight=False))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
