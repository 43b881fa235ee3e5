"""Jobs kept in memory between their messages: the last ones, bounded in number and in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.large import TEXT_BYTES_MIN
from queuebit_domain.job.state import OpenJob

JOBS_MAX = 20_000
BYTES_MAX = 192 * 1024 * 1024
HELD = frozenset({"JobSubmitted", "ExecutionSucceeded"})
"""Events that a job's state keeps whole. A work order holds the problem of the first of them."""
PLANNED = "JobPlanned"
PLAN_BYTES_MIN = 16 * 1024
"""A plan is as small as the rest of a state, but for one that holds an earlier answer."""
OBJECTS_PER_BYTE = 12
"""What JSON becomes as objects, about. What is larger than `TEXT_BYTES_MIN` stays text."""


class Kept(NamedTuple):
    """Where a job stands: its version, its state, the trace of its first event, and about how many bytes it holds."""

    version: int
    job: OpenJob
    trace: str | None
    size_bytes: int


class Remembered:
    """The jobs, those first that were told of longest ago. A job larger than all may be is not kept."""

    def __init__(self, *, jobs_max: int = JOBS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._jobs_max = jobs_max
        self._bytes_max = bytes_max
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, job_id: UUID) -> Kept | None:
        """The job, which is not kept any more."""
        kept = self._kept.pop(job_id.int, None)
        if kept is not None:
            self.size_bytes -= kept.size_bytes
        return kept

    def keep(self, job_id: UUID, kept: Kept) -> None:
        """Keep the job; those told of longest ago make room."""
        self.take(job_id)
        self._kept[job_id.int] = kept
        self.size_bytes += kept.size_bytes
        while len(self._kept) > self._jobs_max or self.size_bytes > self._bytes_max:
            _, gone = self._kept.popitem(last=False)
            self.size_bytes -= gone.size_bytes


def weight_of(event_name: str, size: int) -> int:
    """About how many bytes of memory the state of a job holds of an event, from the size of its JSON."""
    if event_name not in HELD:
        return size * OBJECTS_PER_BYTE if event_name == PLANNED and size > PLAN_BYTES_MIN else 0
    return size if size >= TEXT_BYTES_MIN else size * OBJECTS_PER_BYTE
