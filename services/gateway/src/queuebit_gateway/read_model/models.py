"""What the gateway shows of jobs and kinds: the models behind OpenAPI. Additive changes only."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts.events import Answer, Suggestion, Verdict
from queuebit_contracts.jobs import Confidence, Cost, JobState, Lane, Number, Ran, Role, Sense, Usage
from queuebit_contracts.model import Model
from queuebit_contracts.origin import Origin
from queuebit_contracts.shares import Shares
from queuebit_gateway.read_model.ends_view import CancellationView, FailureView, RejectionView
from queuebit_gateway.read_model.money_view import MoneyView
from queuebit_gateway.read_model.outcome_view import OutcomeView
from queuebit_gateway.read_model.saga_view import CompensationView, SupersededView
from queuebit_gateway.read_model.waiting_view import EtaView, WaitingView
from queuebit_gateway.read_model.waiting_view import HeldView as HeldView

LegProgress = Literal[
    "waiting",
    "held",
    "queued",
    "running",
    "validating",
    "accepted",
    "needs_review",
    "rejected",
    "failed",
    "abandoned",
    "not_needed",
]


class LegView(Model):
    """A leg of the plan, and how far it has come. `chosen`: the job's answer is its answer."""

    leg: str
    role: Role
    lane: Lane
    state: LegProgress
    chosen: bool = False
    budget_s: float
    attempts_max: int
    reason: str
    cached_from: UUID | None = Field(
        default=None, description="The job whose answer it is, where that was there before and is only checked."
    )


class PlanView(Model):
    """The control plane's decision. `sense` says which objective is better; None where answers have none. `reasons` and
    `inputs` come with `include=plan`.
    """

    name: str
    rule: str
    policy_version: str
    sense: Sense | None = None
    legs: tuple[LegView, ...]
    reasons: tuple[str, ...] | None = None
    inputs: dict[str, Any] | None = None


class SuspectView(Model):
    """An operator found the answer suspect: who, why and when. `replaced_by`: the job that asks the same again."""

    actor: str
    reason: str
    at: AwareDatetime
    replaced_by: UUID | None = None


class ApprovalView(Model):
    """A plan that waits for a person of `role`, or for `quorum` of them. `otherwise`: the plan where nobody decides until
    `expires_at`; None where the job is cancelled then.
    """

    digest: str = Field(description="Names exactly what is approved.")
    role: str
    reason: str
    quorum: int
    granted_by: tuple[str, ...] = ()
    expires_at: AwareDatetime | None = None
    otherwise: str | None = None


class ParentView(Model):
    """The job that this one was made from: a `fork` goes on from its version, a `rerun` asks the very same again."""

    job_id: UUID
    version: int
    role: Literal["fork", "rerun"]
    actor: str
    reason: str


class AttemptView(Model):
    """One try of a leg. Objective and bound are the validator's where it has checked them, else what the worker claims; gap,
    proof and confidence are the validator's. `evidence` is what the worker reports of how the answer came about.
    """

    attempt_id: UUID
    leg: str
    role: Role
    lane: Lane
    number: int
    state: LegProgress
    worker: str = ""
    queued_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool | None = None
    confidence: Confidence | None = None
    ran: Ran | None = None
    cost: Cost = Cost()
    usage: Usage = Usage()
    evidence: dict[str, Any] = {}
    counts_fingerprint: str | None = Field(
        default=None, description="That of all samples of the circuit, where there are."
    )
    artifacts: int = Field(default=0, description="How many things are kept of it beside its events.")
    reasons: tuple[str, ...] = ()
    failure: FailureView | None = None


class ProgressView(Model):
    """The latest that a worker said about how far it is."""

    attempt_id: UUID
    leg: str
    at: AwareDatetime
    elapsed_s: float
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    detail: str = ""


class FallbackView(Model):
    """The plan moved on from one leg to another."""

    from_leg: str
    to_leg: str
    trigger: str
    reason: str
    at: AwareDatetime


class JobView(Model):
    """A job as it stands: the fold of its events up to `version`.

    `lane` is what was wished for until the job is completed, then the lane that answered. `events` comes with `include=events`.
    """

    object: Literal["job"] = "job"
    id: UUID
    tenant: str
    state: JobState
    kind: str
    tier: str
    lane: str
    labels: dict[str, str] = {}
    origin: Origin | None = Field(default=None, description="Where the question came from; the job's end carries it.")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    deadline: AwareDatetime | None = None
    version: int = Field(description="How many events the job has; also its ETag.")
    answer: Answer | None = None
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool | None = None
    verdict: Verdict | None = None
    confidence: Confidence | None = None
    shares: Shares | None = Field(default=None, description="Its objective by parts; comes with `include=shares`.")
    ran: Ran | None = None
    cost: Cost = Cost()
    usage: Usage = Usage()
    elapsed_s: float | None = None
    reasons: tuple[str, ...] = ()
    plan: PlanView | None = None
    attempts: tuple[AttemptView, ...] = ()
    progress: ProgressView | None = None
    fallbacks: tuple[FallbackView, ...] = ()
    improvements: int = 0
    suggestions: tuple[Suggestion, ...] = Field(default=(), description="Answers of legs that advise; none was chosen.")
    approval: ApprovalView | None = Field(
        default=None, description="What it waits for, where a person is to allow its plan."
    )
    waiting: WaitingView | None = Field(default=None, description="Why it has not ended.")
    eta: EtaView | None = Field(default=None, description="When it is expected to end; told of a single job.")
    held: tuple[HeldView, ...] = Field(default=(), description="Why it waits, where an operator holds it back.")
    money: tuple[MoneyView, ...] = Field(
        default=(), description="What legs that are paid for were expected to cost, and did."
    )
    outcomes: tuple[OutcomeView, ...] = Field(default=(), description="What acting on the answer brought, as was told.")
    compensations: tuple[CompensationView, ...] = Field(
        default=(), description="Commands that it named to undo it, and which of them were published."
    )
    supersedes: UUID | None = Field(
        default=None, description="The job whose answer that of this one takes the place of."
    )
    superseded: SupersededView | None = Field(default=None, description="Set where another job's answer counts.")
    suspect: SuspectView | None = Field(default=None, description="Set where its answer was invalidated.")
    parent: ParentView | None = Field(default=None, description="The job that it was forked from, or asks again.")
    failure: FailureView | None = None
    rejection: RejectionView | None = None
    cancellation: CancellationView | None = None
    events: tuple[dict[str, Any], ...] | None = None


class JobSummary(Model):
    """A line of the list."""

    object: Literal["job_summary"] = "job_summary"
    id: UUID
    state: str
    kind: str
    tier: str
    lane: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class JobList(Model):
    """A page of jobs, newest first. `next_cursor` goes into `cursor` of the next request with the same filters."""

    object: Literal["list"] = "list"
    data: tuple[JobSummary, ...]
    has_more: bool
    next_cursor: str | None = None
    next_page_url: str | None = None


class TimelineEntry(Model):
    """One event in the story of a job, in words, with the seconds since the start and since the entry before."""

    version: int
    at: AwareDatetime
    since_start_s: float
    since_previous_s: float
    event: str
    leg: str | None = None
    text: str


class AttemptTimes(Model):
    """Where the time of one attempt went, in seconds; None where it did not come so far."""

    attempt_id: UUID
    leg: str
    number: int
    state: LegProgress
    queue_s: float | None = None
    run_s: float | None = None
    validate_s: float | None = None


class Explanation(Model):
    """Why the job went as it went: the decision, the numbers behind it, what ran, and the story in order."""

    object: Literal["explanation"] = "explanation"
    job_id: UUID
    state: JobState
    summary: str
    plan: str | None = None
    rule: str | None = None
    policy_version: str | None = None
    inputs: dict[str, Any] = {}
    reasons: tuple[str, ...] = ()
    legs: tuple[LegView, ...] = ()
    ran: Ran | None = None
    attempts: tuple[AttemptTimes, ...] = ()
    fallbacks: tuple[FallbackView, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
