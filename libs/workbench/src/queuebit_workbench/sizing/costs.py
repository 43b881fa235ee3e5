"""What an ordinary job costs each part, as it was measured; a job of one classical leg that is solved at once.

Microseconds of a core with both cores of the machine busy, and bytes as they lie (decision 16; `make bench` measures again).
A solver's own time comes on top: what it searches, not what it takes to handle an order. Questions come on Kafka: what the
gateway takes for one over HTTP is not measured yet.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """`visits`: how often a job comes by, each for its share of `us`. `by_partition`: no more work at once than there are."""

    name: str
    us: float
    visits: int
    by_partition: bool


CONTROL_PLANE = Part("control-plane", 400.0, 2, by_partition=True)
SOLVER = Part("classical-solver", 110.0, 1, by_partition=True)
VALIDATION = Part("result-validation", 100.0, 1, by_partition=True)
POSTGRES = Part("postgresql", 125.0, 2, by_partition=False)
KAFKA = Part("kafka", 80.0, 4, by_partition=False)
PARTS = (CONTROL_PLANE, SOLVER, VALIDATION, POSTGRES, KAFKA)
BY_NAME = {part.name: part for part in PARTS}
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
STORED_BYTES = 4_480
PUBLISHED_BYTES = 10_800
REPLICAS = 3
DAY_S = 86_400
EVENTS_KEPT_DAYS, TOPICS_KEPT_DAYS = 400, 7
