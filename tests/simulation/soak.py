"""Many seeds: `python -m tests.simulation.soak 200000` runs them all, tells how far it is, and keeps what is wrong."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.faults_shown import not_fired, table
from tests.simulation.sweep import REGRESSIONS, Summary, regressions, sweep

TELL_INTERVAL_S = 10.0


def main() -> int:
    """Exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first; a run that was ended goes on where it says")
    wished = parser.parse_args()
    seeds = range(wished.first, wished.first + wished.seeds)
    fired: Counter[str] = Counter()
    bad, done = 0, 0
    began_s = told_s = time.monotonic()
    try:
        for done, found in enumerate(sweep(seeds), 1):
            fired.update(found.fired)
            if found.wrong:
                bad += 1
                _keep(found)
                _say(str(found))
            if time.monotonic() - told_s >= TELL_INTERVAL_S:
                told_s = time.monotonic()
                _say(f"{done:,} of {len(seeds):,} seeds, {bad} bad, {done / (told_s - began_s):.1f} a second")
    except KeyboardInterrupt:
        _say(f"Ended. Go on with: make soak SEEDS={len(seeds) - done} FIRST={seeds.start + done}")
        return 1
    _say(table(fired))
    missing = not_fired(fired)
    _say("\n".join([f"{done:,} seeds, {bad} bad, {done / (time.monotonic() - began_s):.1f} a second", *missing]))
    return 1 if bad or missing else 0


def _keep(found: Summary) -> None:
    """Add the seed to those that are always run."""
    if found.seed not in regressions():
        with REGRESSIONS.open("a", encoding="utf-8") as file:
            file.write(f"{found.seed} {found.wrong[0]}\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
