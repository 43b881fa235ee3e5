"""`python -m queuebit_workbench.bench.beside COMMIT`: an old commit's benchmark beside ours, in turns of one run.

The old commit gets a worktree and an environment of its own, which are kept for the next time. A machine that becomes slower
or faster meanwhile does so for both; what counts is the throughput over that of the bare pipeline in the same benchmark, and
of the turns the median. Exit 1 where ours is slower than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from queuebit_workbench.bench.errors import BenchFailed
from queuebit_workbench.bench.settings import KEPT_BAR

FOLDER = Path(".queuebit/beside")
MODULES = ("queuebit_workbench.bench", "queuebit_devstack.bench")
"""Where the benchmark was, the newest place first."""
TOLERANCE = 0.03
SETUP_S, RUN_S = 1200.0, 900.0
EXIT_OK, EXIT_SLOWER, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared: where it lies, and how its benchmark is called."""

    name: str
    root: Path
    module: str

    def bench(self, out: Path, jobs: int, seconds: float, *more: str) -> Document:
        """Run its benchmark, with more of its options. Raises BenchFailed."""
        argv = (".venv/bin/python", "-m", self.module, "--jobs", str(jobs), "--seconds", f"{seconds:g}")
        _run((*argv, "--out", str(out), *more), self.root, RUN_S)
        found: Document = json.loads(out.read_text())
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """Both benchmarks, one after the other."""

    old: Document
    new: Document

    @property
    def quotient(self) -> float:
        """How many times as fast ours is, each measured by the bare pipeline beside it."""
        return float(self.new["ratio"]) / float(self.old["ratio"])


def slower(turns: Sequence[Turn], tolerance: float) -> bool:
    """Whether ours is slower than that, by the median of the turns."""
    return median(turn.quotient for turn in turns) < 1 - tolerance


def kept_with(part: str, documents: Sequence[Document]) -> float | None:
    """The share of the throughput that is left with telemetry, or with a policy; None where it was not measured."""
    found = [each[part]["jobs_per_s"] / each["plain"]["jobs_per_s"] for each in documents if each.get(part)]
    return median(found) if found else None


def lines_of(turns: Sequence[Turn], tolerance: float) -> list[str]:
    """The verdicts, one a line."""
    quotient = median(turn.quotient for turn in turns)
    lines = [f"{_met(not slower(turns, tolerance))} ours over the old: {quotient:.3f} (bar: ≥ {1 - tolerance:g})"]
    for part in ("telemetry", "policy"):
        share = kept_with(part, [turn.new for turn in turns])
        if share is not None:
            lines.append(
                f"{_met(share >= KEPT_BAR)} throughput with {part}: {share:.3f} of that without (bar: ≥ {KEPT_BAR:g})"
            )
    return lines


def _met(met: bool) -> str:
    return "ok  " if met else "MISS"


def table_of(turns: Sequence[Turn]) -> Table:
    """What each benchmark measured."""
    table = Table(title="Beside each other")
    for name in ("turn", "side", "jobs/s", "bare jobs/s", "ratio", "CPU µs a job", "bare CPU µs"):
        table.add_column(name, justify="left" if name == "side" else "right")
    for number, turn in enumerate(turns, start=1):
        for name, each in (("old", turn.old), ("new", turn.new)):
            table.add_row(
                str(number),
                name,
                f"{each['jobs_per_s']:,.0f}",
                f"{each['bare_jobs_per_s']:,.0f}",
                f"{each['ratio']:.3f}",
                f"{each['cpu_us_per_job_total']:,.0f}",
                f"{each['bare']['cpu_us_per_job_total']:,.0f}",
            )
    return table


def prepared(commit: str, repository: Path, folder: Path, say: Console) -> Side:
    """The commit in a worktree of the repository with an environment of its own. Raises BenchFailed."""
    found = _run(("git", "rev-parse", "--verify", f"{commit}^{{commit}}"), repository, 60).strip()
    root = folder.resolve() / found[:12]
    if not root.exists():
        say.print(f"Taking {found[:12]} into {root} …")
        _run(("git", "worktree", "add", "--quiet", "--detach", str(root), found), repository, SETUP_S)
    say.print("Building its environment …")
    _run(("make", "setup", f"PYTHON={sys.executable}"), root, SETUP_S)
    for module in MODULES:
        if list(root.glob(f"libs/*/src/{module.replace('.', '/')}/__main__.py")):
            return Side("old", root, module)
    raise BenchFailed(f"{found[:12]} has no benchmark.", remedy="Name a later commit.")


def _run(argv: Sequence[str], where: Path, limit_s: float) -> str:
    """What a program says. Whatever ends us ends it: it is asked to, so that it can stop its servers."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")}
    try:
        child = subprocess.Popen(
            argv, cwd=where, env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except OSError as error:
        raise BenchFailed(f"{argv[0]} ended with {error.strerror}.", remedy=f"Look at {where}.") from None
    try:
        said, _ = child.communicate(timeout=limit_s)
    except BaseException as error:
        child.terminate()
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise BenchFailed(f"{argv[0]} did not end within {limit_s:g} s.") from None
        raise
    if child.returncode:
        last = "\n".join(said.splitlines()[-20:])
        raise BenchFailed(f"{' '.join(argv)} ended with {child.returncode}:\n{last}")
    return said


def main(argv: Sequence[str]) -> int:
    """Run both in turns; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.beside", description=__doc__)
    parser.add_argument("commit", help="the old one")
    parser.add_argument("--turns", type=int, default=2, help="each is one benchmark of both")
    parser.add_argument("--jobs", type=int, default=4000, help="jobs of one round at most")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long the half load of each lasts")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="ours may be slower by this share")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where worktree and figures are kept")
    parser.add_argument("--policy", type=Path, help="measure ours under this policy, too")
    given = parser.parse_args(argv)
    if given.turns < 1 or given.jobs < 1 or given.seconds <= 0 or not 0 <= given.tolerance < 1:
        parser.error("--turns, --jobs and --seconds are positive, and --tolerance is from 0 to 1")
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_INTERRUPTED))
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        old, new = prepared(given.commit, Path.cwd(), given.folder, console), Side("new", Path.cwd(), MODULES[0])
        turns: list[Turn] = []
        for number in range(1, given.turns + 1):
            found = {}
            for side in (old, new) if number % 2 else (new, old):
                console.print(f"Turn {number}: the {side.name} one …")
                out = given.folder.resolve() / f"{side.name}-{number}.json"
                more = ("--policy", str(given.policy.resolve())) if side is new and given.policy else ()
                found[side.name] = side.bench(out, given.jobs, given.seconds, *more)
            turns.append(Turn(found["old"], found["new"]))
    except BenchFailed as error:
        console.print(f"Error: {error}", style="red", markup=False)
        return EXIT_FAILED
    console.print(table_of(turns))
    for line in lines_of(turns, given.tolerance):
        console.print(line)
    return EXIT_SLOWER if slower(turns, given.tolerance) else EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
