"""`python -m queuebit_workbench.week`: a job waits seven days at its provider while thousands pass and every service restarts.

Kafka, PostgreSQL and the five services are real; the provider is IBM's cloud on loopback, which tells the unmodified client of
a line of seven days, ever shorter, and lets the job run when the others have passed. Every service is asked to end and is
killed meanwhile, and so are the worker processes of the quantum adapter. A run in which too little happened fails.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from queuebit_devstack.errors import DevstackError
from queuebit_runtime.clock import SystemClock
from queuebit_workbench.week.errors import WeekFailed
from queuebit_workbench.week.judge import DAY_S, Judgement, Seen, judge
from queuebit_workbench.week.run import run_week

JOBS = 10_000


def counts_of(seen: Seen) -> dict[str, int]:
    """The figures of a run."""
    times = Counter(len(each) for each in seen.ends)
    return {
        "other jobs": seen.asked,
        "passed while it waited": seen.passed,
        "ended once": times[1],
        "computed by the adapter meanwhile": seen.simulated,
        "accepted at the provider": seen.accepted,
        "orders": seen.story["JobQueued"],
        "failed attempts": seen.story["ExecutionFailed"],
        "ends of the job": len(seen.own_ends),
        "signs of life with an estimate": len(seen.waits_s),
        "days that were told": len({int(wait_s // DAY_S) for wait_s in seen.waits_s}),
        "looks while it waited": len(seen.looks),
        "looks in which a process held it": sum(look.held for look in seen.looks),
        "looks in which its partition was held": sum(look.unread > 0 for look in seen.looks),
        "restarts of services": seen.restarts.total(),
        "worker processes killed": seen.workers_killed,
    }


def document_of(seen: Seen, judgement: Judgement) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "holds": judgement.holds,
        "counts": counts_of(seen),
        "restarts": dict(seen.restarts),
        "violations": judgement.violations,
        "too_little": judgement.too_little,
    }


def main(argv: Sequence[str]) -> int:
    """Run it. Exit 0: all holds. 1: it does not, or too little happened. 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.week", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many others pass; 7 at least")
    parser.add_argument("--out", type=Path, help="write the result as JSON to this file")
    given = parser.parse_args(argv)
    if given.jobs < 7:
        parser.error(f"--jobs {given.jobs}: at least one a day, please.")
    logging.basicConfig(level=logging.CRITICAL)

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    try:
        seen = uvloop.run(run_week(Path(tempfile.mkdtemp(prefix="queuebit-week-")), given.jobs, SystemClock(), say))
    except (WeekFailed, DevstackError) as error:
        say(f"The run could not go on: {error}")
        return 1
    judgement = judge(seen)
    for name, count in counts_of(seen).items():
        say(f"{count:>8} {name}")
    for words in judgement.violations:
        say(f"NOT SO: {words}")
    for words in judgement.too_little:
        say(f"TOO LITTLE: {words}")
    say("All of it holds." if judgement.holds else "It does not hold.")
    if given.out is not None:
        given.out.write_text(json.dumps(document_of(seen, judgement), indent=2) + "\n")
    return 0 if judgement.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
