"""Run seeds by hand: `python -m tests.simulation.replay SEED [UP_TO]` says what is wrong in each, and `-v` what happened."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.checkers import check
from tests.simulation.history import History
from tests.simulation.simulation import run_simulation

SHOWN_MAX = 10


def main() -> int:
    """Exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?", help="exclusive; absent, only the first")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every event of every job")
    wished = parser.parse_args()
    seeds = range(wished.first, wished.last if wished.last is not None else wished.first + 1)
    fired: Counter[str] = Counter()
    bad, began_s = 0, time.monotonic()
    for seed in seeds:
        history = run_simulation(seed)
        wrong = check(history)
        fired.update(history.fired)
        bad += bool(wrong)
        if wished.verbose:
            _tell(history)
        if wrong or len(seeds) == 1:
            lines = [f"seed {seed}: {len(wrong)} wrong, digest {history.digest()}", *wrong[:SHOWN_MAX]]
            sys.stdout.write("\n    ".join(lines) + "\n")
            sys.stdout.flush()
    took_s = time.monotonic() - began_s
    sys.stdout.write(f"{len(seeds)} seeds, {bad} bad, {len(seeds) / took_s:.2f} seeds/s; {dict(fired)}\n")
    return 1 if bad else 0


def _tell(history: History) -> None:
    for fault in history.faults:
        sys.stdout.write(f"{fault}\n")
    for stream_id, stored in history.database.events.items():
        sys.stdout.write(f"job {stream_id} of {stored[0].tenant}\n")
        for event in stored:
            sys.stdout.write(f"    {event.version:3} {event.time:%H:%M:%S.%f} {event.type} {event.data[:160]}\n")


if __name__ == "__main__":
    raise SystemExit(main())
