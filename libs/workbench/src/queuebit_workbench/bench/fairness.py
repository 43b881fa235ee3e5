"""`python -m queuebit_workbench.bench.fairness`: does one tenant's flood hold another's jobs up, on the real stack?

One tenant's jobs come one by one, at first alone, then beside another's who has handed in a hundred times as many of the same
size at once. The bar: the p95 of the first stays within twice what it is alone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles

import orjson
import uvloop
from rich.console import Console

from queuebit_contracts.channels import COMPLETED, FAILED, SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.registry import type_bytes_of
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.bench.driver import Driver, Question, Route
from queuebit_workbench.bench.full import services

RATIO_BAR = 2.0
TIMES = 100
NODES, DEGREE = 200, 6
"""Large enough that nothing is proved within the budget, which is what a job takes then, and small enough to read at once."""
GAP_S = (1.0, 2.0)
WARM_UP_JOBS = 5
SMALL, FLOOD = "small", "flood"


def asking(tenant: str, budget_s: float, seed: int) -> Callable[[], Question]:
    """Makes one job after another of a tenant, all of one size and budget."""
    numbers, clock = random.Random(seed), SystemClock()
    ce_type = type_bytes_of(JobSubmitted)

    def ask() -> Question:
        now = clock.now()
        key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
        edges = [[i, (i + far) % NODES, numbers.randrange(1, 99)] for far in range(1, DEGREE + 1) for i in range(NODES)]
        problem = {"kind": "maxcut", "statement": {"nodes": NODES, "edges": edges}}
        request = {"tenant": tenant, "problem": problem, "lane": "classical", "tier": "batch", "budget_s": budget_s}
        job_id = str(job_id_of(tenant, key))
        headers = binary_headers(
            key, "/queuebit/fairness", ce_type, job_id, rfc3339(now), tenant=tenant, version=None, traceparent=None
        )
        value = orjson.dumps({"request": request, "idempotency_key": str(key)})
        return Question(job_id.encode(), value, tuple(headers))

    return ask


async def measure(stack: Stack, jobs: int, budget_s: float, console: Console) -> bool:
    """Whether the bar is kept."""
    route = Route(SUBMITTED, COMPLETED, FAILED)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(Supervisor(stack, services(stack)))
        small = Driver(stack.access(), route, asking(SMALL, budget_s, 1), stuck_s=300.0)
        flood = Driver(stack.access(), route, asking(FLOOD, budget_s, 2), stuck_s=300.0)
        for each in (small, flood):
            await opened.enter_async_context(each)
        await small.spaced(WARM_UP_JOBS, GAP_S, seed=1)
        quiet = await small.spaced(jobs, GAP_S, seed=2)
        await flood.send(flood.ask(TIMES * jobs))
        loud = await small.spaced(jobs, GAP_S, seed=3)
    ratio = _p95(loud) / _p95(quiet)
    console.print(
        f"{jobs} jobs of {budget_s:g} s, alone: median {median(quiet):.2f} s, p95 {_p95(quiet):.2f} s; beside"
        f" {TIMES * jobs} of another tenant: median {median(loud):.2f} s, p95 {_p95(loud):.2f} s; {ratio:.2f} times"
        f" (bar {RATIO_BAR:g})"
    )
    return ratio <= RATIO_BAR


def _p95(latencies_s: Sequence[float]) -> float:
    return quantiles(latencies_s, n=20)[-1]


async def run(jobs: int, budget_s: float, console: Console) -> bool:
    """On a fresh stack that goes with it."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="queuebit-fairness-"))
    async with await start_stack(folder, remove=True) as stack:
        await prepare(stack)
        async with await PostgresStore.open(PostgresSettings(stack.postgres)) as store:
            for tenant in (SMALL, FLOOD):
                await store.add_tenant(tenant, SystemClock().now())
        return await measure(stack, jobs, budget_s, console)


def main(argv: Sequence[str]) -> int:
    """Run it; the exit status says whether the bar was kept."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.fairness", description=__doc__)
    parser.add_argument("--jobs", type=int, default=40, help="jobs of the small tenant, alone and beside the flood")
    parser.add_argument("--budget-s", type=float, default=0.5, help="how long each job computes")
    given = parser.parse_args(argv)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return 0 if uvloop.run(run(given.jobs, given.budget_s, Console(soft_wrap=True, highlight=False))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
