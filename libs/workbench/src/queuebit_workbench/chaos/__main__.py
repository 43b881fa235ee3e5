"""`python -m queuebit_workbench.chaos`: break everything that can break, under load, and see whether anything is lost.

Starts three brokers, PostgreSQL and the services with two control planes. Several tenants ask while services die and freeze,
PostgreSQL goes and cuts sessions, brokers die, groups are in a storm, clocks jump, and retention takes what nobody has read. In
the end the store comes back from a copy. A seed gives the same faults in the same order. A run in which too little happened
fails.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from queuebit_devstack.errors import DevstackError
from queuebit_runtime.clock import SystemClock
from queuebit_workbench.chaos.errors import ChaosFailed
from queuebit_workbench.chaos.plan import FAULTS, parse_faults
from queuebit_workbench.chaos.report import document_of, lines_of
from queuebit_workbench.chaos.run import Run, Settings, run_chaos

MINUTES = 6.0


def main(argv: Sequence[str]) -> int:
    """Run it. Exit 0: all holds. 1: something was lost, doubled or reordered, or too little happened. 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which faults in which order")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for how long things break; each once at least")
    parser.add_argument("--faults", default=",".join(FAULTS), help="only these, parted by commas")
    parser.add_argument("--control-planes", type=int, choices=(2, 3), default=2, help="how many run")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--out", type=Path, help="write the result as JSON to this file too")
    given = parser.parse_args(argv)
    try:
        faults = parse_faults(given.faults)
    except ValueError as error:
        parser.error(str(error))
    logging.basicConfig(level=logging.CRITICAL)
    settings = Settings(given.seed, given.minutes, faults, given.control_planes)
    out = sys.stderr if given.json else sys.stdout

    def say(text: str) -> None:
        out.write(f"{text}\n")
        out.flush()

    try:
        run = uvloop.run(run_chaos(Path(tempfile.mkdtemp(prefix="queuebit-chaos-")), settings, SystemClock(), say))
    except (ChaosFailed, DevstackError) as error:
        say(f"The run could not go on: {error}")
        return 1
    for line in lines_of(run):
        say(line)
    _keep(run, given.out, as_json=given.json)
    return 0 if run.judgement.holds else 1


def _keep(run: Run, file: Path | None, *, as_json: bool) -> None:
    text = json.dumps(document_of(run), indent=2) + "\n"
    if file is not None:
        file.write_text(text)
    if as_json:
        sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
