"""What processes use: CPU time and memory, children included."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]

SAMPLE_INTERVAL_S = 0.25
FAMILY_SAMPLES = 8
"""Looking for new children costs far more than looking at known ones, so it happens once in so many samples."""


def families(pids: Mapping[str, int]) -> dict[str, list[psutil.Process]]:
    """Each process with its descendants, found in one walk over all processes; none where it is gone."""
    children: dict[int, list[psutil.Process]] = {}
    alive: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["ppid"]):
        alive[process.pid] = process
        children.setdefault(process.info["ppid"], []).append(process)
    found: dict[str, list[psutil.Process]] = {}
    for name, pid in pids.items():
        family = [alive[pid]] if pid in alive else []
        for each in family:
            family.extend(children.get(each.pid, ()))
        found[name] = family
    return found


def cpu_s(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds of each process and of its living children since it began."""
    return {name: sum(map(_cpu_s, family)) for name, family in families(pids).items()}


def rss_mb(pids: Mapping[str, int]) -> dict[str, float]:
    """Resident megabytes of each process and its children; pages that they share count for each."""
    return _rss_mb(families(pids))


def _rss_mb(known: Mapping[str, list[psutil.Process]]) -> dict[str, float]:
    return {name: sum(map(_rss, family)) / 1e6 for name, family in known.items()}


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


class Peaks:
    """`async with` samples the memory of processes and keeps the highest of each."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.rss_mb: dict[str, float] = dict.fromkeys(pids, 0.0)
        self._pids = pids
        self._known: dict[str, list[psutil.Process]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._known = families(self._pids)
        self._sample()

    async def _run(self) -> None:
        for number in itertools.count():
            if number % FAMILY_SAMPLES == 0:
                self._known = families(self._pids)
            self._sample()
            await asyncio.sleep(SAMPLE_INTERVAL_S)

    def _sample(self) -> None:
        for name, now_mb in _rss_mb(self._known).items():
            self.rss_mb[name] = max(self.rss_mb[name], now_mb)
