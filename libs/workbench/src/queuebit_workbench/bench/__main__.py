"""`python -m queuebit_workbench.bench`: measure, print a table, write a file."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from queuebit_devstack.errors import DevstackError
from queuebit_operations.errors import BadArgument
from queuebit_operations.policies.files import read_document
from queuebit_workbench.bench.figures import Figures, document
from queuebit_workbench.bench.run import run_bench
from queuebit_workbench.bench.settings import BenchSettings
from queuebit_workbench.bench.table import show

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def parse(argv: Sequence[str]) -> tuple[BenchSettings, Path | None]:
    """The settings, and the file to write."""
    default = BenchSettings()
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the figures and the settings to this file, as JSON")
    parser.add_argument("--jobs", type=int, default=default.jobs, help="jobs of one round at most")
    parser.add_argument("--seconds", type=float, default=default.seconds, help="how long the half load lasts")
    parser.add_argument("--only", choices=("bare", "queuebit"), help="measure one pipeline only")
    parser.add_argument(
        "--profile", action="store_true", help="run the services under cProfile instead, and tell where time goes"
    )
    parser.add_argument("--policy", type=Path, help="measure what is left of the throughput under this policy, too")
    parser.add_argument("--planes", type=int, default=default.planes, help="control planes")
    parser.add_argument(
        "--workers", type=int, default=default.workers, help="classical solvers, and as many validators"
    )
    parser.add_argument(
        "--partitions",
        type=int,
        default=default.partitions,
        help=f"of each topic of Queuebit, {default.partitions} or more",
    )
    given = parser.parse_args(argv)
    if given.jobs < 1 or given.seconds <= 0 or given.planes < 1 or given.workers < 1:
        parser.error("--jobs, --seconds, --planes and --workers are positive")
    if given.partitions < default.partitions:
        parser.error(f"--partitions is {default.partitions} or more: a topic never gets fewer")
    policy = None if given.policy is None else str(given.policy)
    if given.policy is not None:
        try:
            read_document(given.policy)
        except BadArgument as error:
            parser.error(str(error))
    settings = BenchSettings(
        jobs=given.jobs, seconds=given.seconds, only=given.only, profile=given.profile, policy=policy,
        planes=given.planes, workers=given.workers, partitions=given.partitions,
    )  # fmt: skip
    return settings, given.out


def main(argv: Sequence[str]) -> int:
    """Run the benchmark and return the exit status."""
    settings, out = parse(argv)
    console = Console()
    # The client tells loudly of leaders that are just being elected; what matters comes as an error.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        figures = uvloop.run(_interruptible(settings, console))
    except asyncio.CancelledError:
        console.print("Stopped.")
        return EXIT_INTERRUPTED
    except DevstackError as error:
        console.print(f"Error: {error}", style="red")
        return EXIT_FAILED
    if settings.profile:
        return EXIT_OK
    show(figures, console)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(document(figures), indent=2) + "\n")
        console.print(f"Written to {out}")
    return EXIT_OK


async def _interruptible(settings: BenchSettings, console: Console) -> Figures:
    """SIGINT and SIGTERM cancel the run, so that everything that it started is ended."""
    task = asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="queuebit-bench-"))
    return await run_bench(folder, settings, say=lambda line: console.print(line, highlight=False, soft_wrap=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
