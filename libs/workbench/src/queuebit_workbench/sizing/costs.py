"""What an ordinary job costs each part, as it was measured; a job of one classical leg that is solved at once.

Microseconds of a core with the machine busy, from the measurement that is kept beside this file, where there is one, and bytes
as they lie (decision 16). A solver's own time comes on top: what it searches, not what it takes to handle an order. Questions
come on Kafka: what the gateway takes for one over HTTP is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from queuebit_workbench.sizing.measured import kept

CONTROL_PLANE, SOLVER, VALIDATION = "control-plane", "classical-solver", "result-validation"
POSTGRES, KAFKA = "postgresql", "kafka"
SERVERS = frozenset({POSTGRES, KAFKA})
STEP_US = 5.0
"""Costs are told in such steps: no measurement is finer."""


@dataclass(frozen=True, slots=True)
class Part:
    """`visits`: how often a job comes by, each for its share of `us`. `by_partition`: no more work at once than there are."""

    name: str
    us: float
    visits: int
    by_partition: bool


PATH = (
    KAFKA,
    CONTROL_PLANE,
    POSTGRES,
    KAFKA,
    SOLVER,
    KAFKA,
    VALIDATION,
    KAFKA,
    CONTROL_PLANE,
    POSTGRES,
)
"""Where a job comes by, in its order."""
PROCESSES = {
    CONTROL_PLANE: "control_plane",
    SOLVER: "classical_solver",
    VALIDATION: "result_validation",
    POSTGRES: "postgres",
    KAFKA: "kafka",
}
"""By what name each was measured."""
STORED_BYTES = 4_480
PUBLISHED_BYTES = 10_800
REPLICAS = 3
DAY_S = 86_400
EVENTS_KEPT_DAYS, TOPICS_KEPT_DAYS = 400, 7


BEFORE_US = {
    "control_plane": 400.0,
    "classical_solver": 110.0,
    "result_validation": 100.0,
    "postgres": 125.0,
    "kafka": 80.0,
}
"""As it was measured once on a quiet machine of two cores, before shapes were."""


def parts_of(us_per_job: Mapping[str, float]) -> dict[str, Part]:
    """Each part by its name, with what it costs a job."""
    return {
        name: Part(
            name, max(STEP_US, round(us_per_job[process] / STEP_US) * STEP_US), PATH.count(name), name not in SERVERS
        )
        for name, process in PROCESSES.items()
    }


@cache
def parts() -> dict[str, Part]:
    """By the measurement that is kept: what one of everything costs."""
    measured = kept()
    return parts_of(BEFORE_US if measured is None else measured.least.us_per_job)
