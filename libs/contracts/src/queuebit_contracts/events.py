"""Every event that Queuebit says, in the past tense and in its version of today.

The envelope carries the job id (subject), the tenant and the stream version; an event holds only what is its own.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime

from queuebit_contracts.approvals import ApprovalDenied as ApprovalDenied
from queuebit_contracts.approvals import ApprovalEvent
from queuebit_contracts.approvals import ApprovalGranted as ApprovalGranted
from queuebit_contracts.approvals import ApprovalRequested as ApprovalRequested
from queuebit_contracts.backends import BackendCapabilities, BackendDrift, CalibrationSummary
from queuebit_contracts.compensations import CompensationRequested as CompensationRequested
from queuebit_contracts.compensations import Compensations
from queuebit_contracts.compensations import JobSuperseded as JobSuperseded
from queuebit_contracts.compensations import SupersessionRequested as SupersessionRequested
from queuebit_contracts.event import Answer as Answer
from queuebit_contracts.event import Event as Event
from queuebit_contracts.event import Verdict as Verdict
from queuebit_contracts.executions import ExecutionFailed as ExecutionFailed
from queuebit_contracts.executions import ExecutionProgressed as ExecutionProgressed
from queuebit_contracts.executions import ExecutionSucceeded as ExecutionSucceeded
from queuebit_contracts.executions import JobStarted as JobStarted
from queuebit_contracts.executions import ResultRejected as ResultRejected
from queuebit_contracts.executions import ResultValidated as ResultValidated
from queuebit_contracts.executions import Suggestion as Suggestion
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import (
    TERMINAL_NAMES,
    Confidence,
    Cost,
    IdempotencyKey,
    JobRequest,
    Lane,
    Leg,
    Number,
    ParamValue,
    Problem,
    Ran,
    Role,
    Sense,
    Thresholds,
    Tier,
    Trigger,
    Usage,
)
from queuebit_contracts.late import LateUsageReported as LateUsageReported
from queuebit_contracts.model import Model, Sensitive
from queuebit_contracts.money import BudgetExhausted as BudgetExhausted
from queuebit_contracts.money import BudgetReserved as BudgetReserved
from queuebit_contracts.money import BudgetSettled as BudgetSettled
from queuebit_contracts.money import Quote
from queuebit_contracts.operators import JobHeld as JobHeld
from queuebit_contracts.operators import JobInvalidated as JobInvalidated
from queuebit_contracts.operators import Parent
from queuebit_contracts.origin import Origin
from queuebit_contracts.outcomes import OutcomeReported as OutcomeReported
from queuebit_contracts.paths import PathDraw
from queuebit_contracts.policy import Approval, Assignment


class ProblemSize(Model):
    """How large a problem is: decision variables, qubits of its QUBO, and terms (edges, items, operations)."""

    variables: int
    qubits: int
    terms: int


class Admission(Model):
    """What admitting a question found out: that the statement is valid and in normal form, and what is needed of it later."""

    size: ProblemSize
    family: Literal["optimisation", "measurement"]
    sense: Sense | None = None
    problem_fingerprint: str


class JobSubmitted(Event):
    """A tenant asks a question. An upstream service may leave the fingerprint out; it is computed from the request.

    `idempotency_key` is unique within a tenant, whatever the source; absent, the event itself is, by its source and id. What
    `origin` leaves out is taken from the event.

    `admission` is for our own services: from anyone else it is not believed, and the question is admitted anew. So is `parent`:
    the job that an operator made this one from; and `requested_by`: who asked, as the gateway knows
    them; and `quote`: nothing is paid but what it offers.

    `compensations`: what is to be undone where the answer does not count after all. `supersedes`: the job of the same tenant
    whose answer that of this one takes the place of, once there is one.
    """

    request: Sensitive[JobRequest]
    idempotency_key: IdempotencyKey | None = None
    fingerprint: str | None = None
    admission: Admission | None = None
    origin: Origin | None = None
    parent: Parent | None = None
    requested_by: str | None = None
    quote: Quote | None = None
    compensations: Compensations | None = None
    supersedes: UUID | None = None


class JobRejected(Event):
    """The question cannot be taken: what is wrong, where (a JSON pointer), and the remedy. `retry_after_s`: when it may."""

    code: str
    field: str = ""
    detail: Sensitive[str]
    remedy: str
    cause_id: UUID
    conflicting_job_id: UUID | None = None
    origin: Origin | None = None
    retry_after_s: float | None = None


class JobPlanned(Event):
    """The control plane's decision: ordered legs, with the rule that made it and every number it used.
    `sense` says which objective is better; it is None where answers of the kind have no objective. `trace`: a mark for each
    condition that the policy asked (see `queuebit_domain.policy.evaluation`). `propensity`: the share of alike jobs that
    the rule takes, where it does not take all. `experiments`: those that the job takes part in. `policy_digest`: that of
    the document, where somebody published the policy; absent, the policy is part of the release. `thresholds`: those of its
    kind. `path`: how the path of its cohort takes part, where there is one.
    """

    plan: str
    legs: tuple[Leg, ...]
    sense: Sense | None = None
    policy_version: str
    rule: str
    reasons: tuple[str, ...]
    inputs: dict[str, Any]
    trace: str | None = None
    policy_digest: str | None = None
    propensity: float | None = None
    experiments: tuple[Assignment, ...] | None = None
    thresholds: Thresholds | None = None
    path: PathDraw | None = None
    approval: Approval | None = None


class JobQueued(Event):
    """One attempt of one leg is let onto its lane: the whole work order, so that a worker needs nothing else.

    `hint` is the best answer that another leg already gave, for a solver to start from. It may be wrong, and binds nobody. Who
    has not begun by `begin_by` need not begin: the job has given the attempt up.
    `size` spares a worker to read the problem where that is all it wants to know. `avoid` names backends that operators hold
    back: another one of the lane is to be used. `not_on` names those on which this leg failed as it may not on others: these
    are never used. `degraded`: how often the attempt is to be made smaller than was asked for, to fit. `from_job`: the hint is
    the answer of that job, and nothing but it is wanted, where it fits.
    """

    attempt_id: UUID
    leg: str
    role: Role
    lane: Lane
    number: int
    tier: Tier
    problem: Sensitive[Problem]
    fingerprint: str
    seed: int
    budget_s: float
    deadline: AwareDatetime | None = None
    params: dict[str, ParamValue] = {}
    hint: Sensitive[Answer] | None = None
    begin_by: AwareDatetime | None = None
    size: ProblemSize | None = None
    avoid: tuple[str, ...] | None = None
    not_on: tuple[str, ...] | None = None
    degraded: int | None = None
    from_job: UUID | None = None


class AttemptAbandoned(Event):
    """The job no longer wants this attempt: whoever runs it stops, and what it already used is still booked.
    `begin_by` is that of its work order: who comes later would not begin it anyway.
    """

    attempt_id: UUID
    leg: str
    reason: str
    begin_by: AwareDatetime | None = None


class FallbackTaken(Event):
    """The plan moved on from one leg to another."""

    from_leg: str
    to_leg: str
    trigger: Trigger
    reason: str


class JobCompleted(Event):
    """The checked answer, what was decided, what really ran, what it cost and why. `suggestions`: of legs that advise."""

    kind: str
    answer: Sensitive[Answer]
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool = False
    verdict: Verdict
    confidence: Confidence
    leg: str
    attempt_id: UUID
    ran: Ran
    cost: Cost = Cost()
    usage: Usage = Usage()
    reasons: tuple[str, ...] = ()
    elapsed_s: float
    origin: Origin | None = None
    suggestions: tuple[Suggestion, ...] | None = None


class JobImproved(Event):
    """A better answer arrived after completion."""

    answer: Sensitive[Answer]
    objective: Number
    previous_objective: Number
    verdict: Verdict
    confidence: Confidence
    leg: str
    attempt_id: UUID
    ran: Ran
    origin: Origin | None = None


class JobFailed(Event):
    """No leg gave an accepted answer."""

    code: FailureCode
    detail: Sensitive[str]
    remedy: str
    reasons: tuple[str, ...] = ()
    cost: Cost = Cost()
    usage: Usage = Usage()
    elapsed_s: float
    origin: Origin | None = None


class JobCancelled(Event):
    """A person or service withdrew the job."""

    actor: str
    reason: str = ""
    cost: Cost = Cost()
    origin: Origin | None = None


class JobExpired(Event):
    """The deadline passed before an accepted answer."""

    deadline: AwareDatetime
    reasons: tuple[str, ...] = ()
    cost: Cost = Cost()
    origin: Origin | None = None


class BackendStatusReported(Event):
    """How a backend is: what it can do, how busy it is, how old its calibration is.
    `provider`: the software that it is reached by. `drift`: what standing probes say of it. `region`: where it stands, "local"
    where nothing leaves; with `region_named` it takes only jobs whose `regions` allow that.
    """

    backend: str
    lane: Lane
    available: bool
    qubits_max: int | None = None
    queue_length: int | None = None
    calibrated_at: AwareDatetime | None = None
    detail: str = ""
    provider: str | None = None
    capabilities: BackendCapabilities | None = None
    calibration: CalibrationSummary | None = None
    drift: BackendDrift | None = None
    region: str | None = None
    region_named: bool | None = None


JobEvent = (
    JobSubmitted | JobRejected | JobPlanned | ApprovalEvent | JobQueued | JobStarted
    | ExecutionProgressed | ExecutionSucceeded | ExecutionFailed | ResultValidated | ResultRejected | AttemptAbandoned | JobHeld
    | FallbackTaken | JobCompleted | JobImproved | JobInvalidated | JobFailed | JobCancelled | JobExpired | LateUsageReported
    | BudgetReserved | BudgetSettled | BudgetExhausted | OutcomeReported
    | CompensationRequested | SupersessionRequested | JobSuperseded
)  # fmt: skip
"""What may stand in the stream of a job."""

TERMINAL_EVENTS: tuple[type[Event], ...] = tuple(each for each in JobEvent.__args__ if each.__name__ in TERMINAL_NAMES)
