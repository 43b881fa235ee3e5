"""A night: every part as a process of its own, one after the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from queuebit_workbench.nightly.night import Outcome, Result
from queuebit_workbench.nightly.parts import Part
from queuebit_workbench.nightly.sizes import Size

LINES_MAX = 3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a night works: the repository, the folder of what it keeps, the data of the sweep; and how much of each is done."""

    root: Path
    folder: Path
    data: Path | None
    size: Size


def name_of(night: datetime) -> str:
    """A night by its date and the minute when it began: two of one date are two nights."""
    return night.strftime("%Y-%m-%dT%H%M")


def words_of(part: Part, place: Place, night: datetime) -> dict[str, str]:
    """What is put into the words of a part. The first seed of a night follows from its date, so that no two dates are alike."""
    size = place.size
    return {
        "python": sys.executable,
        "queuebit": str(Path(sys.executable).with_name("queuebit")),
        "out": str(place.folder / "out" / f"{name_of(night)}-{part.name}.json"),
        "kept": str(place.folder / "out"),
        "data": str(place.data or ""),
        "seeds": str(size.seeds),
        "minutes": f"{size.minutes:g}",
        "faults": f"--faults={','.join(size.faults)}" if size.faults else "",
        "jobs": str(size.jobs),
        "seconds": f"{size.seconds:g}",
        "sweep_minutes": f"{size.sweep_minutes:g}",
        "pages": f"ONLY={size.pages}" if size.pages else "",
        "first": str((night.toordinal() % 10_000) * 100_000),
    }


def run_part(part: Part, place: Place, night: datetime, say: Say) -> Result:
    """Run it to its end, or end it when its time is over; its log is kept beside its figures."""
    if part.needs_data and place.data is None:
        return Result(part.name, "left_out", 0.0, {}, "It needs DATA, a folder of published instances.")
    words = words_of(part, place, night)
    out, log = Path(words["out"]), place.folder / "out" / f"{name_of(night)}-{part.name}.log"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    say(f"{part.name} …")
    began_s = time.monotonic()
    env = {**os.environ, **{name: value.format(**words) for name, value in part.env.items()}}
    argv = [text for word in part.argv if (text := word.format(**words))]
    code = _run(argv, place.root, env, log, part.limit_s)
    took_s = time.monotonic() - began_s
    outcome: Outcome = "timed_out" if code is None else "passed" if code == 0 else "failed"
    detail = "" if outcome == "passed" else f"Its last lines: {_last_lines(log)}"
    say(f"{part.name}: {outcome.replace('_', ' ')} in {took_s:.0f} s{f' ({log})' if detail else ''}")
    return Result(part.name, outcome, round(took_s, 1), _figures(part, out), detail)


def _run(argv: Sequence[str], root: Path, env: Mapping[str, str], log: Path, limit_s: float) -> int | None:
    with log.open("wb") as output:
        child = subprocess.Popen(
            argv,
            cwd=root,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return child.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _figures(part: Part, out: Path) -> dict[str, float]:
    try:
        document: dict[str, Any] = json.loads(out.read_text()) if part.figures else {}
    except (OSError, ValueError):
        return {}
    found = {each.path: each.of(document) for each in part.figures}
    return {path: value for path, value in found.items() if value is not None}


def _last_lines(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").strip().splitlines()[-LINES_MAX:])[:500]
