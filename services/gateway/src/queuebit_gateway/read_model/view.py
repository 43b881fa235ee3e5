"""What a job view is made from: what was accepted, and events that are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.model import Model
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_gateway.read_model.models import JobSummary, JobView
from queuebit_store.ports import Reservation


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that was taken but is not in the event store yet: all that is known of it."""

    job_id: UUID
    tenant: str
    kind: str
    tier: str
    lane: str
    labels: dict[str, str]
    deadline: datetime | None
    created_at: datetime
    origin: Origin = NO_ORIGIN


class _Question(Model):
    """What is kept of a question beside its key, for the moment before its first event is stored."""

    kind: str
    tier: str
    lane: str
    labels: dict[str, str] = {}
    deadline: AwareDatetime | None = None
    origin: Origin = NO_ORIGIN


def question_in_short(request: JobRequest, origin: Origin) -> str:
    """The text that `accepted_of` reads."""
    return _Question(
        kind=request.problem.kind,
        tier=request.tier,
        lane=request.lane,
        labels=request.labels,
        deadline=request.deadline,
        origin=origin,
    ).model_dump_json(exclude_defaults=True)


def accepted_of(held: Reservation) -> Accepted | None:
    """The question as it was taken, here or elsewhere; None where its key was not held by a gateway."""
    if held.question is None:
        return None
    question = _Question.model_validate_json(held.question)
    return Accepted(
        job_id=held.stream_id,
        tenant=held.tenant,
        kind=question.kind,
        tier=question.tier,
        lane=question.lane,
        labels=question.labels,
        deadline=question.deadline,
        created_at=held.created_at,
        origin=question.origin.model_copy(update={"idempotency_key": held.key, "labels": question.labels}),
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a job, read."""

    version: int
    at: datetime
    event: ev.JobEvent

    @property
    def name(self) -> str:
        return type(self.event).__name__


def fresh_summary(accepted: Accepted) -> JobSummary:
    """The line of a job without events."""
    return JobSummary(
        id=accepted.job_id,
        state="submitted",
        kind=accepted.kind,
        tier=accepted.tier,
        lane=accepted.lane,
        created_at=accepted.created_at,
        updated_at=accepted.created_at,
        version=0,
    )


def fresh_view(accepted: Accepted) -> JobView:
    """The view of a job without events."""
    return JobView(
        id=accepted.job_id,
        tenant=accepted.tenant,
        state="submitted",
        kind=accepted.kind,
        tier=accepted.tier,
        lane=accepted.lane,
        labels=accepted.labels,
        origin=accepted.origin,
        deadline=accepted.deadline,
        created_at=accepted.created_at,
        updated_at=accepted.created_at,
        version=0,
    )
