"""What the server shows, as the client reads it: unknown fields are passed over, so a newer server is no problem."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from queuebit_client import notebook
from queuebit_client.afterwards import Compensation, Superseded, Suspect
from queuebit_client.waiting import ExpectedEnd, Waiting
from queuebit_contracts.jobs import TERMINAL_STATES, Confidence, Cost, Number, Ran, Usage
from queuebit_contracts.model import Model
from queuebit_contracts.shares import Shares


class PlannedLeg(Model):
    """A leg of the plan and how far it is."""

    leg: str
    role: str
    lane: str
    state: str
    chosen: bool = False
    budget_s: float
    attempts_max: int
    reason: str
    cached_from: UUID | None = None


class Plan(Model):
    """The control plane's decision."""

    name: str
    rule: str
    policy_version: str
    sense: str | None = None
    legs: tuple[PlannedLeg, ...]
    reasons: tuple[str, ...] | None = None
    inputs: dict[str, Any] | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_plan(self)


class Failure(Model):
    """Why it failed, and what can be done."""

    code: str
    detail: str
    remedy: str


class Rejection(Failure):
    """Why the question was not taken; `field` is a JSON pointer."""

    field: str = ""
    conflicting_job_id: UUID | None = None


class Cancellation(Model):
    """Who withdrew the job, and why."""

    actor: str
    reason: str


class Attempt(Model):
    """One try of a leg; `evidence` is what the worker reported of how the answer came about."""

    attempt_id: UUID
    leg: str
    role: str | None = None
    lane: str
    number: int
    state: str
    worker: str = ""
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool | None = None
    confidence: Confidence | None = None
    ran: Ran | None = None
    cost: Cost = Cost()
    usage: Usage = Usage()
    evidence: dict[str, Any] = {}
    counts_fingerprint: str | None = None
    artifacts: int = 0
    reasons: tuple[str, ...] = ()
    failure: Failure | None = None


class Progress(Model):
    """The latest that a worker said."""

    attempt_id: UUID
    leg: str
    at: datetime
    elapsed_s: float
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    detail: str = ""


class Fallback(Model):
    """The plan moved on from one leg to another."""

    from_leg: str
    to_leg: str
    trigger: str
    reason: str
    at: datetime


class Origin(Model):
    """Where a question came from, as its caller gave it."""

    event_id: str | None = None
    source: str | None = None
    subject: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    labels: dict[str, str] = {}


class Held(Model):
    """An operator holds a leg back."""

    leg: str
    hold: int
    actor: str
    reason: str
    since: datetime


class Parent(Model):
    """The job that a job was forked from, or asks again."""

    job_id: UUID
    version: int
    role: str
    actor: str
    reason: str


class Job(Model):
    """A job as it stood at `version`."""

    id: UUID
    tenant: str
    state: str
    kind: str
    tier: str
    lane: str
    labels: dict[str, str] = {}
    origin: Origin | None = None
    created_at: datetime
    updated_at: datetime
    deadline: datetime | None = None
    version: int
    answer: dict[str, Any] | None = None
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool | None = None
    verdict: str | None = None
    confidence: Confidence | None = None
    shares: Shares | None = None
    ran: Ran | None = None
    cost: Cost = Cost()
    usage: Usage = Usage()
    elapsed_s: float | None = None
    reasons: tuple[str, ...] = ()
    plan: Plan | None = None
    attempts: tuple[Attempt, ...] = ()
    progress: Progress | None = None
    fallbacks: tuple[Fallback, ...] = ()
    improvements: int = 0
    suggestions: tuple[dict[str, Any], ...] = ()
    approval: dict[str, Any] | None = None
    waiting: Waiting | None = None
    eta: ExpectedEnd | None = None
    held: tuple[Held, ...] = ()
    money: tuple[dict[str, Any], ...] = ()
    outcomes: tuple[dict[str, Any], ...] = ()
    compensations: tuple[Compensation, ...] = ()
    supersedes: UUID | None = None
    superseded: Superseded | None = None
    suspect: Suspect | None = None
    parent: Parent | None = None
    failure: Failure | None = None
    rejection: Rejection | None = None
    cancellation: Cancellation | None = None
    events: tuple[dict[str, Any], ...] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in TERMINAL_STATES

    @property
    def accepted(self) -> bool:
        """Whether the job has an answer that the validator accepts."""
        return self.state == "completed" and self.verdict == "accepted"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_job(self)


class JobSummary(Model):
    """A line of the list."""

    id: UUID
    state: str
    kind: str
    tier: str
    lane: str
    created_at: datetime
    updated_at: datetime
    version: int


class JobPage(Model):
    """One page of the list."""

    data: tuple[JobSummary, ...]
    has_more: bool
    next_cursor: str | None = None


class BatchLine(Model):
    """What the server says of one job of a batch."""

    status: int
    replayed: bool = False
    job: JobSummary | None = None
    problem: dict[str, Any] | None = None


class BatchPage(Model):
    """What the server says of a batch."""

    data: tuple[BatchLine, ...]


class JobEvent(Model):
    """Something that happened to a job. `name` is the bare type (`JobQueued`), `cloud_event` the whole message."""

    version: int
    name: str
    time: datetime
    data: dict[str, Any]
    cloud_event: dict[str, Any]


class TenantEvent(JobEvent):
    """Something that happened to one of all jobs. `cursor`: go on after it with this. `name` is `reset` where events before it
    lie in archives and are not told; then it is about no job.
    """

    cursor: str
    job_id: UUID | None = None
