"""What a caller may ask: a problem, limits and wishes, all bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from queuebit_contracts.candidates import Cached
from queuebit_contracts.model import Model, Sensitive, StrictModel
from queuebit_contracts.windows import Window

Lane = Literal["quantum", "simulator", "classical", "rule"]
LaneWish = Literal["auto", "quantum", "simulator", "classical", "rule"]
Role = Literal["primary", "baseline", "shadow", "fallback"]
Trigger = Literal["failed", "rejected", "latency_budget", "exhausted", "refine"]
"""What lets a leg start that does not start at once: a leg before it failed or its answer was rejected, the caller's patience
ended, all answers need review, or an answer without a proof can be improved.
"""
Tier = Literal["interactive", "batch", "scheduled"]
JobState = Literal[
    "submitted",
    "planned",
    "held",
    "queued",
    "running",
    "validating",
    "completed",
    "failed",
    "cancelled",
    "expired",
    "rejected",
]

TIERS: tuple[Tier, ...] = ("interactive", "batch", "scheduled")
LANES: tuple[Lane, ...] = ("quantum", "simulator", "classical", "rule")
JOB_STATES: tuple[JobState, ...] = (
    "submitted", "planned", "held", "queued", "running", "validating",
    "completed", "failed", "cancelled", "expired", "rejected",
)  # fmt: skip
ENDS: Mapping[JobState, str] = {
    "completed": "JobCompleted",
    "failed": "JobFailed",
    "cancelled": "JobCancelled",
    "expired": "JobExpired",
    "rejected": "JobRejected",
}
"""The states in which a job has ended, each with the name of the event that ends it so."""
TERMINAL_STATES: frozenset[JobState] = frozenset(ENDS)
TERMINAL_NAMES: frozenset[str] = frozenset(ENDS.values())

BUDGET_S_MAX = 3600.0
STATEMENT_BYTES_MAX = 3_500_000
"""In canonical JSON. Leaves room in one record of the bus for all else: parameters, an answer, what is said of it."""
BODY_BYTES_MAX = STATEMENT_BYTES_MAX + 300_000
"""A submission may be no larger, wishes and spaces included."""
KEY_LENGTH_MAX = 255

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
"""What every reader of JSON keeps exact: signed 64 bits."""
PARAM_LENGTH_MAX = 1000

_TENANT = r"[a-z0-9][a-z0-9_-]{0,62}"
_TENANT_NAME = re.compile(_TENANT)
TenantName = Annotated[str, StringConstraints(pattern=f"^{_TENANT}$")]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
LegName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Number = Annotated[int, Strict()] | Annotated[float, Strict()]
"""Neither a flag nor a text is one."""
Sense = Literal["min", "max"]
"""Which objective is better."""


def _param(value: Any) -> Any:
    """One reason for one field, where a union would give one for each of its types."""
    match value:
        case bool():
            return value
        case int() if INTEGER_MIN <= value <= INTEGER_MAX:
            return value
        case int():
            raise PydanticCustomError(
                "integer_range", "should be an integer of at most 64 bits; longer ones go as text"
            )
        case float() if math.isfinite(value):
            return value
        case str() if len(value) <= PARAM_LENGTH_MAX:
            return value
        case str():
            raise PydanticCustomError("string_too_long", f"should have at most {PARAM_LENGTH_MAX} characters")
    raise PydanticCustomError("param_type", "should be true or false, a finite number, or a text")


ParamValue = Annotated[
    bool
    | Annotated[int, Field(ge=INTEGER_MIN, le=INTEGER_MAX)]
    | float
    | Annotated[str, StringConstraints(max_length=PARAM_LENGTH_MAX)],
    BeforeValidator(_param),
]
"""A setting. An integer beyond 64 bits is refused, not rounded: not every reader of JSON keeps it exact."""


def is_tenant_name(text: str) -> bool:
    """Whether the text can name a tenant."""
    return _TENANT_NAME.fullmatch(text) is not None


class Problem(StrictModel):
    """A typed, versioned statement in domain terms. `statement` is checked by the module of its kind."""

    kind: KindName
    version: Annotated[int, Strict(), Field(ge=1, le=1000)] = 1
    statement: Sensitive[dict[str, Any]]


FALLBACK_PARAM = "fallback"
"""A job that says `fallback: false` wants the answer of the lane that it names or none: it may wait there for days."""
ARTIFACTS_PARAM = "artifacts"
"""A job that says `artifacts: true` has what ran and what came of it kept, also where nothing is paid for it."""
QUEUE_PARAM = "queue"
NEVER = "never"
"""A job that says `queue: never` is answered now or refused, with how long it would wait."""
NOT_BEFORE_PARAM = "not_before"
"""A job with `not_before: 2026-12-01T22:00:00+01:00` is taken, and nothing of it begins earlier."""
SHARES_PARAM = "shares"
"""A job that says `shares: true` has what its objective is made of in the verdict; else it is worked out when somebody asks."""
BACKEND_PARAM = "backend"
"""The parameter of a job that names the backend of its lane; no other is used then."""
TARGET_PARAM = "target"
"""The parameter of a job that names the machine that the simulator stands in for: "exact", or a device with its noise."""


class JobRequest(StrictModel):
    """One question from one tenant.

    `budget_s` bounds the computing time of each leg in seconds; `latency_budget_s` is how long the caller waits before a
    fallback is taken while a slower leg still runs; `deadline` ends the job as expired. `seed` makes the run repeatable.
    """

    tenant: TenantName
    problem: Problem
    lane: LaneWish = "auto"
    tier: Tier = "interactive"
    budget_s: Annotated[float, Strict(), Field(gt=0, le=BUDGET_S_MAX)] | None = None
    latency_budget_s: Annotated[float, Strict(), Field(gt=0, le=BUDGET_S_MAX)] | None = None
    deadline: AwareDatetime | None = None
    seed: Annotated[int, Strict(), Field(ge=0, le=2**63 - 1)] | None = None
    params: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")], ParamValue],
        Field(max_length=50),
    ] = Field(default_factory=dict)
    labels: Annotated[
        dict[
            Annotated[str, StringConstraints(max_length=63)],
            Annotated[str, StringConstraints(max_length=255)],
        ],
        Field(max_length=20),
    ] = Field(default_factory=dict)


AmountText = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Money(Model):
    """An exact decimal amount as text, and its currency (ISO 4217)."""

    amount: AmountText
    currency: CurrencyCode


class Patience(Model):
    """How long the stages of an attempt may take, in seconds, before legs that start on `latency_budget` do so: until a worker
    begins, until it has an answer, until the verdict.
    """

    queue_s: float | None = None
    run_s: float | None = None
    check_s: float | None = None


class Round(Model):
    """A leg is the next round of another: it starts when that one is over, as long as not so much was paid for the job, and
    that one's answer was better than those before it by so many millionths.
    """

    after: LegName
    cost_max: Money | None = None
    min_gain_ppm: int | None = None


class Thresholds(Model):
    """When a better answer of the quantum or simulator lane is chosen over one of the classical lane, in millionths of it: from
    a gain of `min_gain_ppm` on, and from one of `anomalous_gain_ppm` only where it is proved, for it is more likely a mistake.
    """

    min_gain_ppm: int | None = None
    anomalous_gain_ppm: int | None = None


class Leg(Model):
    """One way of answering, as the plan states it.

    `starts`: the triggers of which any lets it start, none where it starts at once; absent in plans made before it was stated,
    where the role says it. A `shadow` starts too, and is never waited for, chosen or shown to anyone as an answer.
    `params` are set for this leg, whatever the job says, and `seed_shift` is added to its seed. `min_confidence`: an answer
    that is trusted less needs review.

    With `after_end` the leg goes on when the job has ended without it: to improve the answer, or to be measured alone. A shadow
    that `advises` is waited for within the latency budget, and its answer goes along with the job's as a suggestion.

    `windows`: when its attempts may begin, where that is not always; the deadline goes before them. `cached`: it is an earlier
    answer, which is only checked.
    """

    leg: LegName
    role: Role
    lane: Lane
    budget_s: float
    attempts_max: int
    reason: str
    starts: tuple[Trigger, ...] | None = None
    params: dict[str, ParamValue] | None = None
    seed_shift: int | None = None
    min_confidence: float | None = None
    after_end: Literal["improve", "measure"] | None = None
    advises: bool | None = None
    round: Round | None = None
    patience: Patience | None = None
    windows: tuple[Window, ...] | None = None
    cached: Cached | None = None


class Ran(Model):
    """What really ran: the label that an answer carries. `method` is for people, `backend` names the device or solver."""

    lane: Lane
    method: str
    backend: str
    backend_version: str = ""


class Artifacts(Model):
    """What is kept of an attempt outside of its events: the hash of a list of `count` artifacts, which has a hash for each."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=0)]


class Usage(Model):
    """What an attempt used. Times in seconds."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    qpu_s: float = 0.0
    shots: int = 0
    iterations: int = 0


class Cost(Model):
    """What was paid: an exact decimal amount as text, and its currency (ISO 4217). `further`: amounts in other currencies."""

    amount: AmountText = "0"
    currency: CurrencyCode = "USD"
    further: tuple[Money, ...] | None = None


class ConfidencePart(Model):
    """One named reason for trust, from 0 (none) to 1 (certain), with its weight and what it was computed from."""

    name: str
    value: float
    weight: float
    detail: str = ""


class Confidence(Model):
    """How far the answer can be trusted, from 0 to 1: the weighted mean of its parts, 1 only where a proof stands behind it."""

    value: float
    parts: tuple[ConfidencePart, ...] = ()


def is_past(deadline: datetime | None, now: datetime) -> bool:
    """Whether the deadline has passed at `now`."""
    return deadline is not None and deadline <= now
