"""Services under cProfile, and what their profiles say of one job."""

from __future__ import annotations

import pstats
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from queuebit_devstack.supervise import ServiceSpec
from queuebit_workbench.bench.measure import Say

LINES = 25
_Key = tuple[str, int, str]


def profiled(specs: Sequence[ServiceSpec], folder: Path) -> tuple[ServiceSpec, ...]:
    """The same services, each writing a profile into `folder` when it ends."""
    return tuple(replace(spec, argv=_under_profile(spec.argv, folder / f"{spec.name}.prof")) for spec in specs)


def _under_profile(argv: tuple[str, ...], target: Path) -> tuple[str, ...]:
    program, *rest = argv
    return (program, "-m", "cProfile", "-o", str(target), *rest)


def tell_profiles(folder: Path, names: Sequence[str], jobs: int, say: Say) -> None:
    """The functions that take the most time of their own, in microseconds a job, for each service that wrote a profile."""
    for name in names:
        path = folder / f"{name}.prof"
        if not path.exists():
            say(f"\n{name} wrote no profile.")
            continue
        say(f"\n{name}: own µs a job, with what it calls, calls a job")
        stats: dict[_Key, tuple[int, int, float, float, object]] = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
        for key, (_, calls, own_s, all_s, _) in sorted(stats.items(), key=lambda item: -item[1][2])[:LINES]:
            say(f"{own_s / jobs * 1e6:9.1f} {all_s / jobs * 1e6:9.1f} {calls / jobs:8.2f}  {_place(key)}")


def _place(key: _Key) -> str:
    file, line, function = key
    return function if file == "~" else f"{'/'.join(Path(file).parts[-2:])}:{line} {function}"
