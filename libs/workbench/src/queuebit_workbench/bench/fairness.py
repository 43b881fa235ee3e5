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
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from uuid import UUID

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from queuebit_contracts.channels import COMPLETED, FAILED, SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import ExecutionSucceeded, JobCompleted, JobQueued, JobStarted, JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.registry import REGISTRY, type_bytes_of
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare
from queuebit_runtime.clock import SystemClock
from queuebit_store.ports import StoredEvent
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
STAGES: Final = ("taken", "let out", "begun", "computed", "answered")
"""What a job has come to, in the order in which it does."""
Asked = dict[UUID, datetime]
"""When each job was asked for."""


def asking(tenant: str, budget_s: float, seed: int, asked: Asked) -> Callable[[], Question]:
    """Makes one job after another of a tenant, all of one size and budget, and notes them in `asked`."""
    numbers, clock = random.Random(seed), SystemClock()
    ce_type = type_bytes_of(JobSubmitted)

    def ask() -> Question:
        now = clock.now()
        key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
        edges = [[i, (i + far) % NODES, numbers.randrange(1, 99)] for far in range(1, DEGREE + 1) for i in range(NODES)]
        problem = {"kind": "maxcut", "statement": {"nodes": NODES, "edges": edges}}
        request = {"tenant": tenant, "problem": problem, "lane": "classical", "tier": "batch", "budget_s": budget_s}
        asked[job_id_of(tenant, key)] = now
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
        asked: Asked = {}
        small = Driver(stack.access(), route, asking(SMALL, budget_s, 1, asked), stuck_s=300.0)
        flood = Driver(stack.access(), route, asking(FLOOD, budget_s, 2, {}), stuck_s=300.0)
        for each in (small, flood):
            await opened.enter_async_context(each)
        await small.spaced(WARM_UP_JOBS, GAP_S, seed=1)
        quiet = await small.spaced(jobs, GAP_S, seed=2)
        await flood.send(flood.ask(TIMES * jobs))
        loud = await small.spaced(jobs, GAP_S, seed=3)
        store = await opened.enter_async_context(await PostgresStore.open(PostgresSettings(stack.postgres)))
        stages = stages_of(await store.load(list(asked)), asked)
    ratio = _p95(loud) / _p95(quiet)
    console.print(
        f"{jobs} jobs of {budget_s:g} s, alone: median {median(quiet):.2f} s, p95 {_p95(quiet):.2f} s; beside"
        f" {TIMES * jobs} of another tenant: median {median(loud):.2f} s, p95 {_p95(loud):.2f} s; {ratio:.2f} times"
        f" (bar {RATIO_BAR:g})"
    )
    console.print(table_of(stages[WARM_UP_JOBS : WARM_UP_JOBS + jobs], stages[WARM_UP_JOBS + jobs :]))
    return ratio <= RATIO_BAR


def stages_of(stories: Mapping[UUID, Sequence[StoredEvent]], asked: Asked) -> list[tuple[float, ...]]:
    """Of each job, in the order in which they were asked for, how long it took to come to each stage from the one before."""
    return [_stages(stories[job_id], at) for job_id, at in asked.items()]


def _stages(story: Sequence[StoredEvent], asked_at: datetime) -> tuple[float, ...]:
    reached: dict[str, datetime] = {}
    for each in story:
        event = REGISTRY.read_stored(each.type, each.schema_version, each.data)
        match event:
            case JobSubmitted():
                reached["taken"] = each.time
            case JobQueued():
                reached["let out"] = each.time
            case JobStarted():
                reached["begun"] = event.started_at
            case ExecutionSucceeded():
                reached["computed"] = event.finished_at
            case JobCompleted():
                reached["answered"] = each.time
            case _:
                pass
    moments = [asked_at, *(reached[stage] for stage in STAGES)]
    return tuple((after - before).total_seconds() for before, after in pairwise(moments))


def table_of(quiet: Sequence[Sequence[float]], loud: Sequence[Sequence[float]]) -> Table:
    """Where the jobs of the small tenant waited."""
    table = Table("until it is", "alone: median", "longest", "beside: median", "longest")
    for nth, stage in enumerate(STAGES):
        cells = ([each[nth] for each in some] for some in (quiet, loud))
        table.add_row(stage, *(f"{figure:.3f} s" for some in cells for figure in (median(some), max(some))))
    return table


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
