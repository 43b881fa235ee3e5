"""Many jobs at once: cut into calls that the server takes, and the fate of each in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_client.errors import QueuebitError, error_of
from queuebit_client.keys import fresh_key
from queuebit_client.models import BatchLine, JobSummary

JOBS_MAX = 1000
BYTES_MAX = 3_500_000
KEY = "idempotency_key"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one job of a batch: it is a job now, or there is an error. `nth` counts from 0 over all that were sent."""

    nth: int
    key: str
    job: JobSummary | None = None
    replayed: bool = False
    error: QueuebitError | None = None


def keyed(bodies: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The bodies, each with an idempotency key: its own, or a fresh one."""
    return ({**body, KEY: body.get(KEY) or str(fresh_key())} for body in bodies)


def parts(encoded: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Keys and bodies in calls of at most 1,000 jobs and of a size that the server takes."""
    part: list[tuple[str, bytes]] = []
    size = 0
    for key, body in encoded:
        if part and (len(part) == JOBS_MAX or size + len(body) > BYTES_MAX):
            yield part
            part, size = [], 0
        part.append((key, body))
        size += len(body) + 1
    if part:
        yield part


def fate_of(nth: int, key: str, line: BatchLine) -> Fate:
    """What the server says of one job."""
    error = None if line.problem is None else error_of(line.status, line.problem, None)
    return Fate(nth, key, line.job, line.replayed, error)
