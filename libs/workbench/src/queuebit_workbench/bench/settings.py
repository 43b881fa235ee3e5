"""What a run of the benchmark measures, and what it says about where it ran."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

Part = Literal["bare", "queuebit"]

JOBS_PER_S_BAR = 1000.0
RATIO_BAR = 0.3
IDLE_P50_MS_BAR = 30.0
KEPT_BAR = 0.9
"""So much of the throughput is left with telemetry, and with a policy."""
PARTITIONS = 4
_PACKAGES = ("queuebit-devstack", "aiokafka", "faststream", "asyncpg", "uvloop", "pydantic", "orjson")


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """`jobs` bounds one round; a round is also bounded by `round_s`, as the warm-up foretells it.

    `seconds` is how long the half load lasts. `only` leaves the other part out. `planes`: control planes; `workers`: of the
    classical solver and of the validation so many each; `partitions`: of every topic that has several.
    """

    jobs: int = 6000
    seconds: float = 6.0
    rounds: int = 3
    round_s: float = 9.0
    warm_up_jobs: int = 1000
    warm_up_s: float = 6.0
    idle_jobs: int = 60
    idle_gap_s: tuple[float, float] = (0.1, 0.3)
    in_flight_max: int = 2000
    stuck_s: float = 30.0
    only: Part | None = None
    profile: bool = False
    policy: str | None = None
    """A file: how much of the throughput is left while jobs are planned by that policy is measured too."""
    planes: int = 1
    workers: int = 1
    partitions: int = PARTITIONS
    seed: int = 20260102

    def wants(self, part: Part) -> bool:
        """Whether this part is to be measured."""
        return self.only in (None, part)


def surroundings(settings: BenchSettings) -> dict[str, Any]:
    """The settings beside the figures: what ran, where, how."""
    return {
        **asdict(settings),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "linger_ms": 0,
        "acks": "all",
        "job": "maxcut, 6 nodes, lane classical",
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def round_jobs(settings: BenchSettings, jobs_per_s: float) -> int:
    """How many jobs one round takes: as asked, or as many as are done in the time of a round at this rate."""
    return max(200, min(settings.jobs, int(jobs_per_s * settings.round_s)))
