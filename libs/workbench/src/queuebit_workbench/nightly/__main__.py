"""`python -m queuebit_workbench.nightly`: validate everything, keep the night by its date, compare it with the one before.

What a part came to is kept when it ends: a night that is cut off has what it had.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from queuebit_runtime.clock import SystemClock
from queuebit_workbench.nightly.night import Night, nights_in, steps, text_of
from queuebit_workbench.nightly.page import page
from queuebit_workbench.nightly.parts import BY_NAME, PARTS
from queuebit_workbench.nightly.run import Place, name_of, run_part
from queuebit_workbench.nightly.sizes import SIZES, WHOLE

FOLDER = Path(".queuebit/nights")


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 all passed and nothing became worse than it may, 1 otherwise, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.nightly", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where nights are kept; {FOLDER}")
    parser.add_argument("--only", default="", help=f"parts, by commas, of {', '.join(BY_NAME)}")
    parser.add_argument("--data", type=Path, help="a folder of published instances for the sweep")
    parser.add_argument("--size", choices=tuple(SIZES), default="whole", help="how much of each part; whole")
    parser.add_argument("--seeds", type=int, help=f"how many the soak has; {WHOLE.seeds}")
    parser.add_argument("--minutes", type=float, help=f"how long everything breaks; {WHOLE.minutes:g}")
    parser.add_argument("--jobs", type=int, help=f"of a round of the bench at most; {WHOLE.jobs}")
    given = parser.parse_args(argv)
    wanted = [each for each in given.only.split(",") if each] or list(BY_NAME)
    if unknown := [each for each in wanted if each not in BY_NAME]:
        parser.error(f"There is no part {unknown[0]}; there are: {', '.join(BY_NAME)}.")
    own = {name: value for name in ("seeds", "minutes", "jobs") if (value := getattr(given, name)) is not None}
    if any(value <= 0 for value in own.values()):
        parser.error("--seeds, --minutes and --jobs are more than 0.")
    size = replace(SIZES[given.size], **own)
    began_at = SystemClock().now()
    place = Place(Path.cwd(), given.folder.resolve(), given.data and given.data.resolve(), size)
    place.folder.mkdir(parents=True, exist_ok=True)
    night = Night(name_of(began_at), version("queuebit-workbench"), (), size.told())
    kept = place.folder / f"{night.date}.json"
    kept.write_text(text_of(night))
    for part in PARTS:
        if part.name in wanted:
            night = replace(night, results=(*night.results, run_part(part, place, began_at, _say)))
            kept.write_text(text_of(night))
    nights = nights_in(place.folder, size.told(), _say)
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
