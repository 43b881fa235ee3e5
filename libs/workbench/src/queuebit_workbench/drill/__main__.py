"""`python -m queuebit_workbench.drill [NAME …]`: rehearse pages of the runbooks on real servers.

Each drill starts everything in a folder of its own, makes the incident happen among jobs on their way, waits until the system
says what is wrong, runs the commands that the page prints, and checks that no job was lost or ended twice.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from queuebit_devstack.errors import DevstackError
from queuebit_operations.inspection.installation import RUNBOOKS
from queuebit_workbench.drill.broker_lost import broker_lost
from queuebit_workbench.drill.closed_door import closed_door
from queuebit_workbench.drill.database_lost import database_lost
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.kafka_ahead import kafka_ahead
from queuebit_workbench.drill.late_jobs import late_jobs
from queuebit_workbench.drill.page import read_page
from queuebit_workbench.drill.poison_record import poison_record
from queuebit_workbench.drill.scene import Drill, a_scene
from queuebit_workbench.drill.stalled_relay import stalled_relay
from queuebit_workbench.drill.stopped_projection import stopped_projection
from queuebit_workbench.drill.wrong_results import run_drill

JOBS = 10_000
WRONG_RESULTS = "wrong-results-from-a-backend"
DRILLS: dict[str, tuple[Drill, int]] = {
    "poison-record": (poison_record, 1),
    "stalled-relay": (stalled_relay, 1),
    "database-lost": (database_lost, 1),
    "broker-lost": (broker_lost, 3),
    "kafka-ahead": (kafka_ahead, 1),
    "stopped-projection": (stopped_projection, 1),
    "late-jobs": (late_jobs, 1),
    "closed-door": (closed_door, 1),
}
"""By the name of its page: what happens, and on how many brokers."""
NAMES = (WRONG_RESULTS, *DRILLS)


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 where all came out as their pages say, 1 where one did not, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m queuebit_workbench.drill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"The drills, named as their pages: {', '.join(NAMES)}.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which drills; {WRONG_RESULTS} where none is named")
    parser.add_argument("--all", action="store_true", help="every drill, one after the other")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"how many jobs {WRONG_RESULTS} has")
    parser.add_argument("--runbooks", type=Path, default=Path(RUNBOOKS), help="the folder of the pages")
    given = parser.parse_args(argv)
    names = NAMES if given.all else tuple(given.names) or (WRONG_RESULTS,)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"There is no drill {unknown[0]!r}; there are: {', '.join(NAMES)}.")
    if not (given.runbooks / "README.md").exists():
        parser.error(f"There are no pages in {given.runbooks}. Run it in the repository, or name the folder.")
    logging.basicConfig(level=logging.CRITICAL)
    failed = [name for name in names if not _rehearse(name, given.jobs, given.runbooks.resolve())]
    if failed:
        _say(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def _rehearse(name: str, jobs: int, pages: Path) -> bool:
    """Whether it came out as its page says."""
    began_s = time.monotonic()
    _say(f"== {name}")
    folder = Path(tempfile.mkdtemp(prefix="queuebit-drill-"))
    try:
        counts, commands = uvloop.run(
            _wrong_results(folder, pages, jobs) if name == WRONG_RESULTS else _incident(folder, pages, name)
        )
    except (DrillFailed, DevstackError) as error:
        _say(f"The drill failed: {error}")
        return False
    for what, count in counts.items():
        _say(f"{count:>8} {what}")
    _say(f"Put right with {commands} commands of the page, in {time.monotonic() - began_s:.0f} s.")
    return True


async def _wrong_results(folder: Path, pages: Path, jobs: int) -> tuple[dict[str, int], int]:
    outcome = await run_drill(folder, read_page(pages, WRONG_RESULTS), jobs, _say)
    return outcome.counts, len(outcome.commands)


async def _incident(folder: Path, pages: Path, name: str) -> tuple[dict[str, int], int]:
    drill, brokers = DRILLS[name]
    async with a_scene(folder, pages, name, _say, brokers=brokers) as scene:
        await drill(scene)
        counts = await scene.judge()
        return counts, len(scene.commands)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
