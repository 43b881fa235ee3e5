"""`make worlds`: run every world, print what came of it beside what must, and exit 1 where one went otherwise or cost too
much.
"""

from __future__ import annotations

import argparse
import sys

from queuebit_workbench.worlds.catalogue import WORLDS
from queuebit_workbench.worlds.interference import TRUTH_S, measured


def main() -> int:
    """One line a world and seed."""
    arguments = argparse.ArgumentParser(prog="make worlds", description=__doc__)
    arguments.add_argument("--seeds", type=int, default=3, help="how many seeds each world is run with")
    arguments.add_argument("--only", default="", help="only worlds whose name holds this")
    asked = arguments.parse_args()
    wrong = 0
    for world in (each for each in WORLDS if asked.only in each.name):
        for seed in range(1, asked.seeds + 1):
            found = world.run(seed)
            right = found.ended in world.ended and found.cost <= world.cost_max
            wrong += not right
            _say(
                f"{'ok   ' if right else 'WRONG'} {world.name:<30} seed {seed}  {found.ended:<24} {found.pairs:>5} pairs"
                f"  {found.cost:>8} of {world.cost_max} EUR"
            )
    for seed in range(1, asked.seeds + 1) if asked.only in "interference" else ():
        ours = measured(seed)
        low, high = ours.switchback.difference.low, ours.switchback.difference.high
        right = low <= TRUTH_S <= high and not low <= ours.halves_s <= high
        wrong += not right
        _say(
            f"{'ok   ' if right else 'WRONG'} {'interference':<30} seed {seed}  truth {TRUTH_S:.2f} s, halves of one queue"
            f" {ours.halves_s:.2f} s, switchback {low:.2f} to {high:.2f} s"
        )
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
