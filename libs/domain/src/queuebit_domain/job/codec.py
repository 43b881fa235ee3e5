"""Stored events read back: as what they are, and as the job that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from queuebit_contracts.errors import UnknownType
from queuebit_contracts.events import JobEvent
from queuebit_contracts.registry import REGISTRY
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.stored import Stored


def fold(stored: Sequence[Stored]) -> Job:
    """The job after its stored events. Raises CorruptStream where versions have a gap or the story makes no sense."""
    job: Job = NoJob()
    for expected, event in enumerate(stored, start=1):
        if event.version != expected:
            raise CorruptStream(f"job {event.stream_id} has version {event.version} where {expected} is due")
        job = evolve(job, read_event(event), event.time, event.stream_id)
    return job


def read_event(stored: Stored) -> JobEvent:
    """The stored data as the event it is."""
    try:
        return cast(JobEvent, REGISTRY.read_stored(stored.type, stored.schema_version, stored.data, text=True))
    except UnknownType:
        name = f"{stored.type}.v{stored.schema_version}"
        raise CorruptStream(f"job {stored.stream_id} holds the unknown event {name}") from None
