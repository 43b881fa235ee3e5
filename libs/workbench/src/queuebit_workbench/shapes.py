"""`python -m queuebit_workbench.shapes`: the same load on installations of several shapes, on one pair of servers.

A shape is so many control planes with as many workers. They take turns, there and back, so that a store that grows and a
machine that becomes slower count for all. What comes out is what the page on sizing and the model of `make sizing` stand on.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop

from queuebit_devstack.errors import DevstackError
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor
from queuebit_workbench.bench.__main__ import EXIT_FAILED, EXIT_INTERRUPTED
from queuebit_workbench.bench.figures import BurstFigures, Latency, latency_of
from queuebit_workbench.bench.full import driver_of, pids_of, prepared, services
from queuebit_workbench.bench.measure import Say, measure_burst, until_calm, watched
from queuebit_workbench.bench.meter import cpu_s
from queuebit_workbench.bench.run import servers_of
from queuebit_workbench.bench.settings import PARTITIONS as PARTITIONS_LEAST
from queuebit_workbench.bench.settings import BenchSettings, surroundings
from queuebit_workbench.sizing.measured import Measured, Shape, text_of

PLANES = (1, 2, 3)
PARTITIONS = 12
TURNS = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """One shape in one turn. `elsewhere`: the share of the machine that others used meanwhile."""

    burst: BurstFigures
    half_load: Latency
    half_load_jobs_per_s: float
    elsewhere: float


def in_turns(planes: Sequence[int], turns: int) -> Iterator[int]:
    """There, back, and there again."""
    for number in range(turns):
        yield from planes if number % 2 == 0 else reversed(planes)


def by_service(us: Mapping[str, float]) -> dict[str, float]:
    """What a job costs each service, all processes of it together; brokers are one."""
    found: dict[str, float] = {}
    for name, value in us.items():
        service = name.partition("-")[0]
        found[service] = found.get(service, 0.0) + value
    return found


def shape_of(planes: int, seen: Sequence[Seen]) -> Shape:
    """Of all turns the median of the rounds, and the mean of what they cost."""
    costs = [by_service(each.burst.cpu_us_per_job) for each in seen]
    rounds = [rate for each in seen for rate in each.burst.rounds_jobs_per_s]
    return Shape(
        planes,
        round(median(rounds), 1),
        tuple(round(rate, 1) for rate in rounds),
        {name: round(mean(each[name] for each in costs), 1) for name in costs[0]},
        round(mean(each.half_load_jobs_per_s for each in seen), 1),
        round(median(each.half_load.p50_ms for each in seen), 1),
        round(max(each.half_load.p99_ms for each in seen), 1),
        round(mean(each.elsewhere for each in seen), 3),
    )


async def measure_shapes(
    folder: Path, planes: Sequence[int], turns: int, settings: BenchSettings, say: Say
) -> Measured:
    """On a fresh stack in `folder`, which is removed with it. Raises the errors of the stack and BenchFailed."""
    say("Starting Kafka and PostgreSQL …")
    async with await start_stack(folder, remove=True) as stack:
        about = {**surroundings(settings), **await servers_of(stack), "turns": turns}
        await prepared(stack, settings)
        seen: dict[int, list[Seen]] = {each: [] for each in planes}
        for each in in_turns(planes, turns):
            say(f"{each} control plane{'s' * (each > 1)}, {each} of each worker, {settings.partitions} partitions")
            seen[each].append(await _one(stack, replace(settings, planes=each, workers=each)))
            say(f"  {seen[each][-1].burst.jobs_per_s:,.0f} jobs/s")
    for name in ("planes", "workers", "only", "profile", "policy"):
        about.pop(name)
    return Measured(about, tuple(shape_of(each, found) for each, found in seen.items()))


async def _one(stack: Stack, settings: BenchSettings) -> Seen:
    specs = services(stack, planes=settings.planes, workers=settings.workers)
    async with Supervisor(stack, specs) as supervisor, driver_of(stack, settings) as driver:
        pids = watched(stack, pids_of(supervisor))
        await until_calm(pids_of(supervisor))
        before = _clocks(pids)
        burst = await measure_burst(driver, pids, settings)
        elsewhere = elsewhere_of(before, _clocks(pids), os.cpu_count() or 1)
        rate = burst.jobs_per_s / 2
        half = await driver.paced(rate, settings.seconds)
    return Seen(burst, latency_of(half), rate, elsewhere)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds: of the wall, of all processors at work, of ours among them."""

    wall_s: float
    machine_s: float
    ours_s: float


def _clocks(pids: Mapping[str, int]) -> Clocks:
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    return Clocks(time.perf_counter(), sum(times) - idle_s, sum(cpu_s(pids).values()) + time.process_time())


def elsewhere_of(before: Clocks, after: Clocks, cores: int) -> float:
    """The share of the machine that others used between the two."""
    others_s = (after.machine_s - before.machine_s) - (after.ours_s - before.ours_s)
    return max(0.0, others_s / ((after.wall_s - before.wall_s) * cores))


def parse(argv: Sequence[str]) -> tuple[tuple[int, ...], int, BenchSettings, Path]:
    """The shapes, how often each has its turn, the settings of a turn, and the file to write."""
    default = BenchSettings(rounds=2, round_s=8.0, warm_up_s=5.0, seconds=4.0)
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.shapes", description=__doc__)
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--planes", default=",".join(map(str, PLANES)), help="how many of each, by commas, from 1")
    parser.add_argument("--partitions", type=int, default=PARTITIONS, help=f"of each topic; {PARTITIONS}")
    parser.add_argument("--turns", type=int, default=TURNS, help=f"of each shape; {TURNS}")
    parser.add_argument("--jobs", type=int, default=default.jobs, help="of one round at most")
    given = parser.parse_args(argv)
    try:
        planes = tuple(int(each) for each in given.planes.split(","))
    except ValueError:
        planes = ()
    if not planes or planes[0] != 1 or any(each <= last for last, each in pairwise(planes)):
        parser.error("--planes names rising numbers from 1 on, as 1,2,3: costs are told of one of everything")
    if given.turns < 1 or given.jobs < 1 or given.partitions < PARTITIONS_LEAST:
        parser.error(f"--turns and --jobs are positive, and --partitions is {PARTITIONS_LEAST} or more")
    return planes, given.turns, replace(default, jobs=given.jobs, partitions=given.partitions), given.out


def main(argv: Sequence[str]) -> int:
    """Measure and write; the exit status."""
    planes, turns, settings, out = parse(argv)
    # The client tells loudly of leaders that are just being elected; what matters comes as an error.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    folder = Path(tempfile.mkdtemp(prefix="queuebit-shapes-"))
    try:
        measured = uvloop.run(_interruptible(measure_shapes(folder, planes, turns, settings, say)))
    except asyncio.CancelledError:
        say("Stopped.")
        return EXIT_INTERRUPTED
    except DevstackError as error:
        say(f"Error: {error}")
        return EXIT_FAILED
    out.write_text(text_of(measured))
    for each in measured.shapes:
        say(
            f"{each.planes} of each: {each.jobs_per_s:,.0f} jobs/s, half load p50 {each.half_load_p50_ms:g} ms; "
            f"others used {each.elsewhere:.1%} of the machine"
        )
    say(f"Written to {out}")
    return 0


async def _interruptible(work: Coroutine[Any, Any, Measured]) -> Measured:
    """SIGINT and SIGTERM cancel the work, so that everything that it started is ended."""
    task = asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    return await work


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
