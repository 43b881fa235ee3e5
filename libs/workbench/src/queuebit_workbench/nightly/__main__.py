"""`python -m queuebit_workbench.nightly`: validate everything, keep the night by its date, compare it with the one before."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from queuebit_runtime.clock import SystemClock
from queuebit_workbench.nightly.night import Night, nights_in, steps, text_of
from queuebit_workbench.nightly.page import page
from queuebit_workbench.nightly.parts import BY_NAME, PARTS
from queuebit_workbench.nightly.run import Place, run_part

FOLDER = Path(".queuebit/nights")
SEEDS = 20_000
MINUTES = 6.0
JOBS = 6000


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 all passed and nothing became worse than it may, 1 otherwise, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.nightly", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where nights are kept; {FOLDER}")
    parser.add_argument("--only", default="", help=f"parts, by commas, of {', '.join(BY_NAME)}")
    parser.add_argument("--data", type=Path, help="a folder of published instances for the sweep")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many the soak has; {SEEDS}")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"how long everything breaks; {MINUTES:g}")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"of a round of the bench at most; {JOBS}")
    given = parser.parse_args(argv)
    wanted = [each for each in given.only.split(",") if each] or list(BY_NAME)
    if unknown := [each for each in wanted if each not in BY_NAME]:
        parser.error(f"There is no part {unknown[0]}; there are: {', '.join(BY_NAME)}.")
    today = SystemClock().now().date()
    place = Place(
        Path.cwd(), given.folder.resolve(), given.data and given.data.resolve(), given.seeds, given.minutes, given.jobs
    )
    results = tuple(run_part(part, place, today, _say) for part in PARTS if part.name in wanted)
    sizes = {"seeds": given.seeds, "minutes": given.minutes, "jobs": given.jobs}
    night = Night(today.isoformat(), version("queuebit-workbench"), results, sizes)
    place.folder.mkdir(parents=True, exist_ok=True)
    (place.folder / f"{night.date}.json").write_text(text_of(night))
    nights = nights_in(place.folder, sizes, _say)
    report = place.folder / f"{night.date}.html"
    report.write_text(page(nights))
    before = nights[-2] if len(nights) > 1 else None
    worse = [each for each in steps(night, before) if each.worse]
    for each in worse:
        _say(f"{each.part}: {each.figure.path} is {each.change:+.1%} beside {before.date if before else ''}")
    _say(f"The report: {report}")
    return 0 if night.passed and not worse else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
