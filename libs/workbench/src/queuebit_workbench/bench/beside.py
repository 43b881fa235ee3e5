"""`python -m queuebit_workbench.bench.beside COMMIT`: an old commit beside this one, and this one without and with telemetry.

Each side has a stack of its own, and they do short bursts in turns: a machine that becomes slower or faster meanwhile, as
shared ones do by a fifth within minutes, does so for both. What counts is the median of the quotients of neighbouring bursts.
The old commit gets a worktree and an environment of its own, which are kept for the next time. Exit 1 where ours is slower than
the tolerance.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from queuebit_workbench.bench import side as bench_side
from queuebit_workbench.bench.errors import BenchFailed
from queuebit_workbench.bench.full import TELEMETRY_ON, TRACE_RATIO
from queuebit_workbench.bench.settings import KEPT_BAR

FOLDER = Path(".queuebit/beside")
TOLERANCE = 0.03
SETUP_S, START_S, BURST_S, END_S = 1200.0, 300.0, 120.0, 60.0
LINE_BYTES_MAX = 1 << 16
EXIT_OK, EXIT_SLOWER, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared: whose code, and with which options of `side.py`."""

    name: str
    root: Path
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst came to."""

    jobs_per_s: float
    cpu_us_per_job: Mapping[str, float]

    @property
    def cpu_us(self) -> float:
        return sum(self.cpu_us_per_job.values())


Found = Mapping[str, Sequence[Burst]]
"""The bursts of each side, in their order."""


def quotient(found: Found, of: str, over: str) -> float:
    """How many times as fast one side is as another, by the median of the turns."""
    pairs = zip(found[of], found[over], strict=True)
    return median(one.jobs_per_s / other.jobs_per_s for one, other in pairs)


def cpu_quotient(found: Found, of: str, over: str) -> float:
    """How many times as much CPU a job takes on one side as on another: what others do on the machine changes it little."""
    return median(one.cpu_us / other.cpu_us for one, other in zip(found[of], found[over], strict=True))


def slower(found: Found, tolerance: float) -> bool:
    """Whether ours is slower than the old one by more than that."""
    return quotient(found, "new", "old") < 1 - tolerance


def lines_of(found: Found, tolerance: float) -> list[str]:
    """The verdicts, one a line."""
    ours = quotient(found, "new", "old")
    cpu = cpu_quotient(found, "new", "old")
    lines = [
        f"{_met(not slower(found, tolerance))} ours over the old: {ours:.3f} (bar: ≥ {1 - tolerance:g}); CPU {cpu:.3f} times"
    ]
    for part in ("telemetry", "policy"):
        if part in found:
            share, cpu = quotient(found, part, "plain"), cpu_quotient(found, part, "plain")
            lines.append(
                f"{_met(share >= KEPT_BAR)} throughput with {part}: {share:.3f} of that without (bar: ≥ {KEPT_BAR:g});"
                f" CPU {cpu:.3f} times"
            )
    return lines


def _met(met: bool) -> str:
    return "ok  " if met else "MISS"


def table_of(found: Found) -> Table:
    """The medians of each side, and the CPU of a job by process."""
    names = list(dict.fromkeys(name for bursts in found.values() for each in bursts for name in each.cpu_us_per_job))
    table = Table(title="Medians of bursts in turns")
    table.add_column("")
    for side in found:
        table.add_column(side, justify="right")
    table.add_row("jobs/s", *(f"{median(each.jobs_per_s for each in bursts):,.0f}" for bursts in found.values()))
    table.add_row("CPU µs a job", *(f"{median(each.cpu_us for each in bursts):,.0f}" for bursts in found.values()))
    for name in names:
        each_us = (median(each.cpu_us_per_job.get(name, 0.0) for each in bursts) for bursts in found.values())
        table.add_row(name, *(f"{value:,.0f}" for value in each_us))
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
    places = [f"libs/*/src/{module.replace('.', '/')}/full.py" for module in bench_side.MODULES]
    if not any(list(root.glob(place)) for place in places):
        raise BenchFailed(f"{found[:12]} has no benchmark.", remedy="Name a later commit.")
    return Side("old", root)


def _run(argv: Sequence[str], where: Path, limit_s: float) -> str:
    """What a program says. Whatever ends us ends it. Raises BenchFailed."""
    try:
        child = subprocess.Popen(
            argv, cwd=where, env=_env(), text=True,
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
        raise BenchFailed(f"{' '.join(argv)} ended with {child.returncode}:\n{_last(said)}")
    return said


def _env() -> dict[str, str]:
    ours = ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _last(said: str) -> str:
    return "\n".join(said.splitlines()[-20:])


class Running:
    """A side at work."""

    def __init__(self, side: Side, process: asyncio.subprocess.Process, log: Path) -> None:
        self.side = side
        self._process = process
        self._log = log

    async def ready(self) -> None:
        """Return once it has started. Raises BenchFailed."""
        await self._answer(START_S)

    async def burst(self, jobs: int) -> Burst:
        """Let it do so many jobs. Raises BenchFailed."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(b"%d\n" % jobs)
            await self._process.stdin.drain()
        return Burst(**await self._answer(BURST_S))

    async def _answer(self, limit_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), limit_s)
        except TimeoutError:
            raise BenchFailed(f"The {self.side.name} one said nothing within {limit_s:g} s.") from None
        if not line:
            code = await self._process.wait()
            raise BenchFailed(f"The {self.side.name} one ended with {code}:\n{_last(self._log.read_text())}")
        found: dict[str, Any] = json.loads(line)
        return found

    async def end(self) -> None:
        """End it, and with it its servers."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), END_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


@contextlib.asynccontextmanager
async def running(sides: Sequence[Side], folder: Path) -> AsyncIterator[list[Running]]:
    """All of them, ready. Raises BenchFailed."""
    started: list[Running] = []
    try:
        for each in sides:
            log = folder / f"{each.name}.log"
            with log.open("wb") as errors:
                process = await asyncio.create_subprocess_exec(
                    str(each.root / ".venv" / "bin" / "python"), "-P", str(Path(bench_side.__file__)), *each.options,
                    cwd=each.root, env=_env(), limit=LINE_BYTES_MAX,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                )  # fmt: skip
            started.append(Running(each, process, log))
        for side in started:
            await side.ready()
        yield started
    except OSError as error:
        raise BenchFailed(f"A side cannot be started: {error.strerror}.", remedy="Run `make setup` there.") from None
    finally:
        await asyncio.gather(*(side.end() for side in started))


async def compared(sides: Sequence[Side], turns: int, jobs: int, folder: Path) -> Found:
    """Bursts of all sides in turns, each time in the other order. Raises BenchFailed."""
    found: dict[str, list[Burst]] = {each.name: [] for each in sides}
    async with running(sides, folder) as started:
        for number in range(turns):
            for side in started if number % 2 == 0 else reversed(started):
                found[side.side.name].append(await side.burst(jobs))
    return found


def sides_of(old: Side, here: Path, policy: Path | None) -> tuple[Sequence[Side], Sequence[Side]]:
    """The old one and ours; then ours as it is, with telemetry, and under a policy, asked by somebody who traces all questions
    and keeps a few.
    """
    traced = ("--trace-ratio", f"{TRACE_RATIO:g}")
    switched_on = [option for name, value in TELEMETRY_ON.items() for option in ("--env", f"{name}={value}")]
    more = [Side("plain", here, traced), Side("telemetry", here, (*traced, *switched_on))]
    if policy is not None:
        more.append(Side("policy", here, (*traced, "--policy", str(policy.resolve()))))
    return [old, Side("new", here)], more


async def measured(groups: Sequence[Sequence[Side]], turns: int, jobs: int, folder: Path, say: Console) -> Found:
    """One group after the other; what each came to is told and kept at once. Raises BenchFailed."""
    found: dict[str, Sequence[Burst]] = {}
    for sides in groups:
        say.print(f"In turns: {', '.join(each.name for each in sides)} …")
        told = await compared(sides, turns, jobs, folder)
        say.print(table_of(told))
        found |= told
        (folder / "turns.json").write_text(json.dumps(found, indent=1, default=asdict))
    return found


def main(argv: Sequence[str]) -> int:
    """Compare; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.beside", description=__doc__)
    parser.add_argument("commit", help="the old one")
    parser.add_argument("--turns", type=int, default=20, help="each is one burst of every side")
    parser.add_argument("--jobs", type=int, default=1500, help="jobs of one burst")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="ours may be slower by this share")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where worktree, logs and figures are kept")
    parser.add_argument("--policy", type=Path, help="measure ours under this policy, too")
    given = parser.parse_args(argv)
    if given.turns < 1 or given.jobs < 1 or not 0 <= given.tolerance < 1:
        parser.error("--turns and --jobs are positive, and --tolerance is from 0 to 1")
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        old = prepared(given.commit, Path.cwd(), given.folder, console)
        groups = sides_of(old, Path.cwd(), given.policy)
        found = asyncio.run(measured(groups, given.turns, given.jobs, given.folder, console))
    except BenchFailed as error:
        console.print(f"Error: {error}", style="red", markup=False)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    for line in lines_of(found, given.tolerance):
        console.print(line)
    return EXIT_SLOWER if slower(found, given.tolerance) else EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
