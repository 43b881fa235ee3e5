"""`python -m queuebit_workbench.crash`: kill every service at every point where something becomes durable.

Starts PostgreSQL, Kafka and the five services, and for each point one service that dies there in the middle of its work.
It is started again, and each question must have become one job that ended well. In the end everything stored and published is
verified: nothing lost, doubled or reordered. A point that is never reached fails the run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from queuebit_devstack.errors import DevstackError
from queuebit_workbench.crash.errors import MatrixFailed
from queuebit_workbench.crash.matrix import Cell, run_matrix
from queuebit_workbench.crash.points import Point, every_point, point_of


def main(argv: Sequence[str]) -> int:
    """Run it. Exit 0: all holds. 1: something was lost, doubled or reordered, or too little happened. 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.crash", description=__doc__)
    parser.add_argument("--only", action="append", metavar="POINT", help="this point; may be said again")
    parser.add_argument("--list", action="store_true", help="name the points and end")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    given = parser.parse_args(argv)
    try:
        points = [point_of(name) for name in given.only] if given.only else list(every_point())
    except ValueError as error:
        parser.error(str(error))
    if given.list:
        sys.stdout.write("".join(f"{point.name}\n" for point in points))
        return 0
    return _run(points, as_json=given.json)


def _run(points: Sequence[Point], *, as_json: bool) -> int:
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    cells: list[Cell] = []

    def tell(cell: Cell) -> None:
        cells.append(cell)
        at = f"call {cell.point.nth}"
        console.print(
            f"{len(cells)}/{len(points)} {cell.point.name}: killed at {at}, {cell.jobs} jobs, {cell.took_s:.1f} s"
        )

    folder = Path(tempfile.mkdtemp(prefix="queuebit-crash-"))
    try:
        verified = uvloop.run(run_matrix(folder, points, tell))
    except (MatrixFailed, DevstackError) as error:
        console.print(f"After {len(cells)} of {len(points)} points: {error}")
        return 1
    jobs = sum(cell.jobs for cell in cells)
    checked = ", ".join(f"{count} {name}" for name, count in verified["checked"].items() if count)
    console.print(f"All holds: {len(cells)} points, each reached; {jobs} jobs, each ended once; verified: {checked}.")
    if as_json:
        done = [{"point": cell.point.name, "jobs": cell.jobs, "took_s": round(cell.took_s, 1)} for cell in cells]
        sys.stdout.write(json.dumps({"points": done, "verified": verified}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
