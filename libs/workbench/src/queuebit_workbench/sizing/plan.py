"""The least installation for a load."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from queuebit_workbench.sizing.costs import (
    DAY_S,
    EVENTS_KEPT_DAYS,
    PATH,
    PUBLISHED_BYTES,
    REPLICAS,
    SOLVER,
    STORED_BYTES,
    TOPICS_KEPT_DAYS,
    parts,
)
from queuebit_workbench.sizing.queues import Visit

BUSY_MAX = 0.7
"""Beyond, a queue grows faster than the load."""
PARTITIONS_LEAST = 4


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs a second at the peak and on average; what a search takes on average."""

    peak_per_s: float
    average_per_s: float
    search_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Size:
    """Cores by part, partitions of a topic, what is kept, and how much a second goes to PostgreSQL and Kafka at the peak."""

    cores: Mapping[str, int]
    partitions: int
    events_kept_gb: float
    topics_kept_gb: float
    stored_mb_per_s: float
    published_mb_per_s: float

    @property
    def all_cores(self) -> int:
        return sum(self.cores.values())


def work_s(load: Load) -> dict[str, float]:
    """What a job takes of each part, in seconds of a core."""
    found = {name: part.us / 1e6 for name, part in parts().items()}
    found[SOLVER] += load.search_s
    return found


def size_for(load: Load, *, busy_max: float = BUSY_MAX) -> Size:
    """The least cores with which no part is busier than that at the peak."""
    cores = {name: max(1, math.ceil(load.peak_per_s * each / busy_max)) for name, each in work_s(load).items()}
    widest = max(cores[name] for name in cores if parts()[name].by_partition)
    partitions = max(PARTITIONS_LEAST, widest)
    per_day = load.average_per_s * DAY_S
    return Size(
        cores,
        partitions,
        per_day * STORED_BYTES * EVENTS_KEPT_DAYS / 1e9,
        per_day * PUBLISHED_BYTES * TOPICS_KEPT_DAYS * REPLICAS / 1e9,
        load.peak_per_s * STORED_BYTES / 1e6,
        load.peak_per_s * PUBLISHED_BYTES * REPLICAS / 1e6,
    )


def path_of(load: Load) -> tuple[Visit, ...]:
    """Where a job comes by and for how long."""
    each = work_s(load)
    return tuple(Visit(name, each[name] / parts()[name].visits) for name in PATH)


def servers_of(cores: Mapping[str, int], partitions: int) -> dict[str, int]:
    """How many work at once: a core each, and of those that read topics no more than there are partitions."""
    return {name: min(count, partitions) if parts()[name].by_partition else count for name, count in cores.items()}


def limit_per_s(cores: Mapping[str, int], partitions: int, load: Load) -> tuple[str, float]:
    """The part that is full first, and at how many jobs a second."""
    servers, each = servers_of(cores, partitions), work_s(load)
    rates = {name: servers[name] / each[name] for name in cores}
    name = min(rates, key=lambda part: rates[part])
    return name, rates[name]
