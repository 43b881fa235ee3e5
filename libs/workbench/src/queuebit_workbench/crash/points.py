"""Where a service is killed: before and after each commit, publish and offset commit. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

When = Literal["before", "after"]
Seam = Literal["append", "payload", "cursor", "lease", "reserve", "projection", "publish", "offsets"]

CALLS: dict[Seam, tuple[str, str, str]] = {
    "append": ("queuebit_store.connections.session", "Session", "fetch_append"),
    "payload": ("queuebit_store.connections.session", "Session", "fetch_large"),
    "cursor": ("queuebit_store.log.postgres", "PostgresCursors", "save_cursor"),
    "lease": ("queuebit_store.leadership.postgres", "PostgresLeadership", "take"),
    "reserve": ("queuebit_store.idempotency.postgres", "PostgresIdempotency", "reserve"),
    "projection": ("queuebit_store.projections.postgres", "PostgresProjections", "advance"),
    "publish": ("queuebit_runtime.bus.kafka.bus", "KafkaBus", "publish"),
    "offsets": ("aiokafka", "AIOKafkaConsumer", "commit"),
}
"""The call by which each becomes durable: module, class, method. When it returns, the server has said so."""

SEAMS: dict[str, tuple[Seam, ...]] = {
    "gateway": ("reserve", "publish"),
    "control_plane": ("append", "payload", "cursor", "lease", "reserve", "projection", "publish", "offsets"),
    "quantum_adapter": ("publish", "offsets"),
    "classical_solver": ("publish", "offsets"),
    "result_validation": ("publish", "offsets"),
}
"""What each service makes durable."""

NTH: dict[tuple[str, Seam], int] = {
    ("control_plane", "append"): 3,
    ("control_plane", "payload"): 2,
    ("control_plane", "projection"): 2,
    ("control_plane", "publish"): 4,
    ("control_plane", "offsets"): 2,
    ("gateway", "publish"): 4,
}
"""At which call of a process it is killed, so that work lies on both sides; else at the first, as workers do much at once."""


@dataclass(frozen=True, slots=True)
class Point:
    """One place to be killed at."""

    service: str
    seam: Seam
    when: When

    @property
    def nth(self) -> int:
        return NTH.get((self.service, self.seam), 1)

    @property
    def name(self) -> str:
        return f"{self.service}.{self.seam}.{self.when}"


def every_point() -> Iterator[Point]:
    """The whole matrix."""
    for service, seams in SEAMS.items():
        for seam in seams:
            for when in get_args(When):
                yield Point(service, seam, when)


def point_of(name: str) -> Point:
    """The point of that name. Raises ValueError."""
    for point in every_point():
        if point.name == name:
            return point
    raise ValueError(f"There is no point {name!r}; there are: {', '.join(each.name for each in every_point())}.")
