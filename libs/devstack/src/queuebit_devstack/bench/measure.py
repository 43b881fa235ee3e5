"""One pipeline measured: warm-up, bursts, idle and half-load latency, what it used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from queuebit_devstack.bench.counts import Counts, take_counts
from queuebit_devstack.bench.driver import Driver
from queuebit_devstack.bench.figures import PipelineFigures, latency_of
from queuebit_devstack.bench.meter import Peaks, cpu_s, rss_mb
from queuebit_devstack.bench.settings import BenchSettings, round_jobs
from queuebit_devstack.stack import Stack

Say = Callable[[str], None]

FIRST_JOBS = 100
CLIENT = "client"


async def measure(
    stack: Stack, driver: Driver, pids: Mapping[str, int], settings: BenchSettings, say: Say
) -> PipelineFigures:
    """Measure the pipeline that `driver` is the client of; `pids` are its processes by name."""
    idle_mb = rss_mb(pids)
    say("  warm-up")
    async with Peaks(pids) as peaks:
        await driver.burst(driver.ask(FIRST_JOBS), settings.in_flight_max)
        jobs = round_jobs(settings, await warm_up(driver, settings))
        say(f"  {settings.rounds} rounds of {jobs} jobs")
        watched = {**pids, **{name: stack.pid(name) for name in stack.servers}}
        questions = [driver.ask(jobs) for _ in range(settings.rounds)]
        before = await take_counts(stack.kafka, stack.postgres)
        cpu_before = {**cpu_s(watched), CLIENT: time.process_time()}
        rounds = [jobs / await driver.burst(each, settings.in_flight_max) for each in questions]
        cpu_after = {**cpu_s(watched), CLIENT: time.process_time()}
        spent: Counts = await take_counts(stack.kafka, stack.postgres) - before
        half_jobs_per_s = sorted(rounds)[len(rounds) // 2] / 2
        say(f"  half load: {half_jobs_per_s:.0f} jobs/s for {settings.seconds:g} s")
        half = await driver.paced(half_jobs_per_s, settings.seconds)
        await asyncio.sleep(1.0)
        say(f"  idle: {settings.idle_jobs} jobs one by one")
        idle = await driver.spaced(settings.idle_jobs, settings.idle_gap_s, settings.seed)
    total = jobs * settings.rounds
    return PipelineFigures(
        rounds_jobs_per_s=tuple(rounds),
        idle=latency_of(idle),
        half_load=latency_of(half),
        half_load_jobs_per_s=half_jobs_per_s,
        records_per_job=spent.records_total / total,
        statements_per_job=spent.statements / total,
        cpu_us_per_job={name: (cpu_after[name] - cpu_before[name]) / total * 1e6 for name in cpu_before},
        rss_idle_mb=idle_mb,
        rss_mb=peaks.rss_mb,
        repeats=driver.repeats,
    )


async def warm_up(driver: Driver, settings: BenchSettings) -> float:
    """Jobs a second, as a first try tells."""
    return settings.warm_up_jobs / await driver.burst(driver.ask(settings.warm_up_jobs), settings.in_flight_max)
