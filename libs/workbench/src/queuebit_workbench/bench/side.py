"""One side of a comparison: a stack of its own with the services of a commit, which does a burst when it is told to.

It is run by path, in the environment of the commit that it measures: of that one's benchmark it uses what the first one had.
A line on stdin is the number of jobs of a burst, and answered by a line of JSON on stdout; the end of stdin ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import json
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = ("queuebit_workbench.bench", "queuebit_devstack.bench")
"""Where the benchmark was, the newest place first."""
PREPARE, DRIVER, PIDS = ("prepared", "_prepare"), ("driver_of", "_driver"), ("pids_of", "_pids")
PLAN = ("_plan_by",)
"""What its parts were called, the newest name first."""
WARM_BURSTS, WARM_JOBS = 4, 1000
AGAIN_JOBS = 200
"""So many before each burst: what the other side's turn has put out of the caches comes back."""
REST_S = 8.0
"""What services load and compile after they are ready is not the price of a job."""


def part(name: str) -> Any:
    """A module of this commit's benchmark. Raises ModuleNotFoundError."""
    for package in MODULES:
        try:
            return import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name is None or not package.startswith(error.name):
                raise
    raise ModuleNotFoundError(f"There is no benchmark in {' or '.join(MODULES)}.")


def called(module: Any, names: Sequence[str]) -> Any:
    """The first of these names that the module has. Raises AttributeError."""
    for name in names:
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"{module.__name__} has none of {', '.join(names)}.")


async def serve(env: Mapping[str, str], trace_ratio: float | None, policy: str | None) -> None:
    """Start everything, say so, and do what is told until nothing more comes."""
    full, measure, meter, settings = part("full"), part("measure"), part("meter"), part("settings").BenchSettings()
    lines = await told()
    folder = Path(tempfile.mkdtemp(prefix="queuebit-side-"))
    async with await import_module("queuebit_devstack.stack").start_stack(folder, remove=True) as stack:
        prepare = called(full, PREPARE)
        source = await prepare(*(stack, settings)[: len(inspect.signature(prepare).parameters)])
        if policy is not None:
            await called(full, PLAN)(policy, source)
        asked = {} if trace_ratio is None else {"trace_ratio": trace_ratio}
        supervisor = import_module("queuebit_devstack.supervise").Supervisor(stack, full.services(stack, env))
        async with supervisor, called(full, DRIVER)(stack, settings, **asked) as driver:
            pids = measure.watched(stack, called(full, PIDS)(supervisor))
            for _ in range(WARM_BURSTS):
                await driver.burst(driver.ask(WARM_JOBS), settings.in_flight_max)
            await asyncio.sleep(REST_S)
            say({"ready": True})
            async for line in lines:
                jobs = int(line)
                questions = driver.ask(jobs)
                await driver.burst(driver.ask(AGAIN_JOBS), settings.in_flight_max)
                before = {**meter.cpu_s(pids), "client": time.process_time()}
                took_s = await driver.burst(questions, settings.in_flight_max)
                after = {**meter.cpu_s(pids), "client": time.process_time()}
                cpu_us = {name: round((after[name] - each) / jobs * 1e6, 1) for name, each in before.items()}
                say({"jobs_per_s": round(jobs / took_s, 1), "cpu_us_per_job": cpu_us})


async def told() -> asyncio.StreamReader:
    """What comes on stdin, line by line."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def say(document: Mapping[str, Any]) -> None:
    """Answer."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def _until_told(*arguments: Any) -> None:
    """Whoever ends this ends the servers, too."""
    serving = asyncio.create_task(serve(*arguments))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def main(argv: Sequence[str]) -> int:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(prog="side.py", description=__doc__)
    parser.add_argument("--env", action="append", default=[], help="NAME=VALUE for the services")
    parser.add_argument(
        "--trace-ratio", type=float, help="every question carries a trace, and so many of them are kept"
    )
    parser.add_argument("--policy", help="plan jobs by the policy in this file")
    given = parser.parse_args(argv)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    env = dict(each.split("=", 1) for each in given.env)
    asyncio.run(_until_told(env, given.trace_ratio, given.policy))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
