"""What the store keeps of a job beside its events, and the job read back from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from queuebit_contracts.envelope import MODEL_OF, PREFIX, decode_data
from queuebit_contracts.events import JobEvent
from queuebit_contracts.jobs import JobState
from queuebit_control_plane.job.state import CorruptStream, EndedJob, Job, NoJob, OpenJob, Working, evolve
from queuebit_control_plane.job.wake import next_wake
from queuebit_store.ports import Head, StoredEvent


def fold(stored: Sequence[StoredEvent]) -> Job:
    """The job after its stored events. Raises CorruptStream where versions have a gap or the story makes no sense."""
    job: Job = NoJob()
    for expected, event in enumerate(stored, start=1):
        if event.version != expected:
            raise CorruptStream(f"job {event.stream_id} has version {event.version} where {expected} is due")
        job = evolve(job, read_event(event), event.time, event.stream_id)
    return job


def read_event(stored: StoredEvent) -> JobEvent:
    """The stored data as the event it is."""
    model = MODEL_OF.get(f"{PREFIX}{stored.type}.v{stored.schema_version}")
    if model is None:
        raise CorruptStream(f"job {stored.stream_id} holds the unknown event {stored.type}.v{stored.schema_version}")
    return cast(JobEvent, decode_data(model, stored.data.encode(), text=True))


def head_of(job: Job) -> Head:
    """The head that goes with the job. Raises AssertionError for NoJob, which has no stream."""
    match job:
        case OpenJob():
            request = job.request
            return Head(
                state=_label(job),
                kind=request.problem.kind,
                tier=request.tier,
                lane=request.lane,
                fingerprint=job.fingerprint,
                wake_at=next_wake(job),
            )
        case EndedJob():
            return Head(job.state, job.kind, job.tier, job.lane, job.fingerprint, None)
        case NoJob():
            raise AssertionError("a job that never began has no head")


def _label(job: OpenJob) -> JobState:
    """As far as the leg that has come farthest."""
    label: JobState = "planned" if job.legs else "submitted"
    for leg in job.legs:
        if isinstance(leg.status, Working):
            if leg.status.execution is not None:
                return "validating"
            if leg.status.started:
                label = "running"
            elif label != "running":
                label = "queued"
    return label
