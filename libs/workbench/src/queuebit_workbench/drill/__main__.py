"""`python -m queuebit_workbench.drill`: run the drill and say how it came out."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from queuebit_devstack.errors import DevstackError
from queuebit_workbench.drill.run import DrillFailed, run_drill

JOBS = 10_000


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 where it came out as the runbook says."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.drill", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many jobs")
    jobs = parser.parse_args(argv).jobs
    logging.basicConfig(level=logging.WARNING)
    try:
        outcome = asyncio.run(run_drill(Path(tempfile.mkdtemp(prefix="queuebit-drill-")), jobs, _say))
    except (DrillFailed, DevstackError) as error:
        _say(f"The drill failed: {error}")
        return 1
    for name, count in outcome.counts.items():
        _say(f"{count:>8} {name}")
    _say(f"Put right with {len(outcome.commands)} commands.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
