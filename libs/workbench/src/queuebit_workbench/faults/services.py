"""Services that die, stand still, or see another time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from queuebit_devstack import freezing
from queuebit_devstack.supervise import ServiceSpec, Supervisor


async def freeze_service(services: Supervisor, name: str, for_s: float) -> None:
    """It stands still for a while, and does not know it."""
    pid = services.pid(name)
    await freezing.freeze(pid)
    try:
        await asyncio.sleep(for_s)
    finally:
        freezing.thaw(pid)


def clock_file(folder: Path, name: str) -> Path:
    """Where a service whose clock can be set looks how far it is off."""
    return folder / "clocks" / name


def with_own_clock(folder: Path, specs: Sequence[ServiceSpec]) -> tuple[ServiceSpec, ...]:
    """The same services, each with a clock that `set_clock` sets while it runs."""
    return tuple(
        replace(
            spec,
            argv=(
                *(sys.executable, "-m", "queuebit_workbench.faults.own_clock"),
                *(str(clock_file(folder, spec.name)), spec.argv[-1]),
            ),
        )
        for spec in specs
    )


def set_clock(folder: Path, name: str, ahead: timedelta) -> None:
    """From now on the service's clock is so far ahead; behind, where it is negative. Zero mends it."""
    file = clock_file(folder, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".fresh")
    fresh.write_text(f"{ahead.total_seconds():g}\n")
    fresh.replace(file)
