"""One pipeline measured: warm-up, bursts, half-load and idle latency, what it used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from queuebit_devstack.stack import Stack
from queuebit_workbench.bench.counts import take_counts
from queuebit_workbench.bench.driver import Driver
from queuebit_workbench.bench.figures import BurstFigures, PipelineFigures, latency_of
from queuebit_workbench.bench.meter import Peaks, cpu_s, rss_mb
from queuebit_workbench.bench.settings import BenchSettings, round_jobs

Say = Callable[[str], None]

FIRST_JOBS = 100
CLIENT = "client"
CALM_S = 1.0
CALM_SHARE = 0.3
"""Services that wait for work use less of a core, all together."""
CALM_WAIT_S = 60.0


async def measure(
    stack: Stack, driver: Driver, pids: Mapping[str, int], settings: BenchSettings, say: Say
) -> PipelineFigures:
    """Measure the pipeline that `driver` is the client of; `pids` are its processes by name."""
    idle_mb = rss_mb(pids)
    async with Peaks(pids) as peaks:
        say("  warm-up")
        jobs = round_jobs(settings, await warm_up(driver, settings))
        say(f"  {settings.rounds} rounds of {jobs} jobs")
        before = await take_counts(stack.access(), stack.postgres)
        rounds = await _rounds(driver, watched(stack, pids), settings, jobs)
        spent = await take_counts(stack.access(), stack.postgres) - before
        half_jobs_per_s = rounds.jobs_per_s / 2
        say(f"  half load: {half_jobs_per_s:.0f} jobs/s for {settings.seconds:g} s")
        half = await driver.paced(half_jobs_per_s, settings.seconds)
        await asyncio.sleep(CALM_S)
        say(f"  idle: {settings.idle_jobs} jobs one by one")
        idle = await driver.spaced(settings.idle_jobs, settings.idle_gap_s, settings.seed)
    total = jobs * settings.rounds
    return PipelineFigures(
        burst=rounds,
        idle=latency_of(idle),
        half_load=latency_of(half),
        half_load_jobs_per_s=half_jobs_per_s,
        records_per_job=spent.records_total / total,
        statements_per_job=spent.statements / total,
        rss_idle_mb=idle_mb,
        rss_mb=peaks.rss_mb,
        repeats=driver.repeats,
    )


async def until_calm(pids: Mapping[str, int]) -> None:
    """Return once the services only wait for work: what they load and compile after they are ready is not the price of a job.
    What does not come to rest within a minute is measured as it is.
    """
    ends_s = time.perf_counter() + CALM_WAIT_S
    while time.perf_counter() < ends_s:
        before = sum(cpu_s(pids).values())
        await asyncio.sleep(CALM_S)
        if sum(cpu_s(pids).values()) - before < CALM_SHARE * CALM_S:
            return


def watched(stack: Stack, pids: Mapping[str, int]) -> dict[str, int]:
    """The processes of a pipeline, and the servers that were started here."""
    return {**pids, **{name: stack.pid(name) for name in stack.servers}}


async def measure_burst(driver: Driver, pids: Mapping[str, int], settings: BenchSettings) -> BurstFigures:
    """Throughput and CPU alone."""
    return await _rounds(driver, pids, settings, round_jobs(settings, await warm_up(driver, settings)))


async def warm_up(driver: Driver, settings: BenchSettings) -> float:
    """Submit batches for a while, so that caches fill and the broker compiles; jobs a second of the last batch."""
    await driver.burst(driver.ask(FIRST_JOBS), settings.in_flight_max)
    ends_s = time.perf_counter() + settings.warm_up_s
    while True:
        took_s = await driver.burst(driver.ask(settings.warm_up_jobs), settings.in_flight_max)
        if time.perf_counter() > ends_s:
            return settings.warm_up_jobs / took_s


async def _rounds(driver: Driver, pids: Mapping[str, int], settings: BenchSettings, jobs: int) -> BurstFigures:
    questions = [driver.ask(jobs) for _ in range(settings.rounds)]
    before = {**cpu_s(pids), CLIENT: time.process_time()}
    rates = [jobs / await driver.burst(each, settings.in_flight_max) for each in questions]
    after = {**cpu_s(pids), CLIENT: time.process_time()}
    total = jobs * settings.rounds
    return BurstFigures(tuple(rates), {name: (after[name] - before[name]) / total * 1e6 for name in before})
