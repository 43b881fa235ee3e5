"""Policies as they are written and stored: who answers, who is measured, what is forbidden. Data, never code.

What a table may ask about, and what it means, stands in `queuebit_domain.policy`; here is only its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import (
    AmountText,
    CurrencyCode,
    KindName,
    Lane,
    Leg,
    LegName,
    ParamValue,
    Role,
    Tier,
    Trigger,
)
from queuebit_contracts.model import Model, StrictModel
from queuebit_contracts.operators import Actor, Reason
from queuebit_contracts.windows import DAYS, Day, TimeOfDay, ZoneName

ROWS_MAX = 200
LEGS_MAX = 16
WINDOWS_MAX = 50
DOCUMENT_BYTES_MAX = 256 * 1024
"""In canonical JSON."""

PolicyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
PolicyVersion = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}/[1-9][0-9]{0,6}$")]
"""The name of a policy and which of its publications it is: `frugal/3`."""
RowId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Share = Annotated[float, Field(ge=0, le=1)]

Scalar = bool | int | float | Text
Starts = Literal["at_once", "when_needed", "to_improve", "after_answer"]
Ppm = Annotated[int, Field(ge=0, le=10_000_000)]
Seconds = Annotated[float, Field(gt=0, le=7 * 86_400)]


class FactRef(StrictModel):
    """Another fact, times a number and plus another: `{fact: time_left_s, times: 0.8}`."""

    fact: FactName
    times: float = 1.0
    plus: float = 0.0


def _operand(value: Any) -> Any:
    """One reason for one operand, where a union would give one for each of its types."""
    match value:
        case bool() | int() | float() | str() | FactRef():
            return value
        case Mapping():
            return FactRef.model_validate(value)
    raise PydanticCustomError("operand", "should be a truth value, a number, a text, or {{fact: NAME}}")


Operand = Annotated[bool | int | float | Text | FactRef, BeforeValidator(_operand)]
Values = Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=100)]


class Wanted(StrictModel):
    """What is wanted of one fact: all that is given. `known: false` wants that nobody knows it."""

    eq: Operand | None = None
    ne: Operand | None = None
    lt: Operand | None = None
    le: Operand | None = None
    gt: Operand | None = None
    ge: Operand | None = None
    any_of: Values | None = None
    none_of: Values | None = None
    known: bool | None = None


def _wanted(value: Any) -> Any:
    """A bare value wants that the fact is equal to it."""
    return {"eq": value} if isinstance(value, bool | int | float | str) else value


When = Annotated[dict[FactName, Annotated[Wanted, BeforeValidator(_wanted)]], Field(max_length=30)]
"""By fact; all must hold. Empty holds always."""


class Amount(StrictModel):
    """A decimal amount as text, and its currency (ISO 4217)."""

    amount: AmountText
    currency: CurrencyCode


class Rounds(StrictModel):
    """The leg is run up to `most` times, one after the other, each from the best answer so far and with each of its parameters
    in `step` times that number. It ends when a proof is there, a round gained less than `min_gain_ppm` millionths,
    `cost_max` was paid, or the latency budget is over.
    """

    most: Annotated[int, Field(ge=2, le=LEGS_MAX)]
    step: Annotated[dict[FactName, Annotated[float, Field(gt=0)]], Field(max_length=20)] = {}
    min_gain_ppm: Ppm | None = None
    cost_max: Amount | None = None


class StageBudgets(StrictModel):
    """How long the stages of each attempt may take before legs that start on `latency_budget` do so."""

    queue_s: Seconds | None = None
    run_s: Seconds | None = None
    check_s: Seconds | None = None


class KindThresholds(StrictModel):
    """When answers are believed and chosen: see `Thresholds` of jobs. Below `min_confidence` one needs review."""

    min_gain_ppm: Ppm | None = None
    anomalous_gain_ppm: Ppm | None = None
    min_confidence: Share | None = None


class PlanLeg(StrictModel):
    """A leg of a plan. `starts`: at once, when the legs before it give no accepted answer in time, also to improve an answer
    without a proof, only to do that, or on the triggers that are listed. `params` are set for this leg, whatever the job says.

    `copies`: so many alike legs, each with a seed of its own. `after_end`: it goes on when the job ended without it, to improve
    the answer or to be measured. `advises`: a shadow whose answer goes along as a suggestion. `cached`: the earlier answer that
    the job names, checked anew; no leg where it names none.
    """

    role: Role
    lane: Lane
    starts: Starts | tuple[Trigger, ...] = "at_once"
    attempts_max: Annotated[int, Field(ge=1, le=20)] | None = None
    budget_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    params: Annotated[dict[FactName, ParamValue], Field(max_length=20)] | None = None
    copies: Annotated[int, Field(ge=1, le=LEGS_MAX)] = 1
    rounds: Rounds | None = None
    after_end: Literal["improve", "measure"] | None = None
    advises: bool = False
    stages: StageBudgets | None = None
    cached: bool = False


class PlanForm(StrictModel):
    """A plan that rows use: the name that is shown, and its legs in order."""

    plan: RowId
    legs: Annotated[tuple[PlanLeg, ...], Field(min_length=1, max_length=LEGS_MAX)]


class Row(StrictModel):
    """A row of a table. `reason` is a sentence for whoever asks why; `{budget_s}` in it stands for a fact."""

    id: RowId
    when: When = {}
    reason: Sentence
    owner: Text = ""


class RoutingRow(Row):
    """Who answers. `propensity`: the share of alike jobs that the row takes, where a bucket decides."""

    use: RowId
    propensity: Share | None = None


class GuardRow(Row):
    """Lanes that are forbidden where it holds. What is not known counts against the lanes."""

    deny: Annotated[tuple[Lane, ...], Field(min_length=1)]


class ExperimentRow(Row):
    """Who is measured: a leg that is never shown, whoever answers. `propensity`: the share of alike jobs."""

    add: PlanLeg
    propensity: Share | None = None


class ApprovalRow(Row):
    """Plans that a person allows first: one of `role`, or `quorum` of them. What nobody knows asks for an approval too.

    `plans`: only of these names. Who has not decided within `expires_s` has decided for `on_expiry`: `deny`, or a plan.
    """

    role: Text
    quorum: Annotated[int, Field(ge=1, le=9)] = 1
    expires_s: Seconds
    on_expiry: RowId = "deny"
    plans: Annotated[tuple[RowId, ...], Field(max_length=ROWS_MAX)] = ()


class WindowRow(StrictModel):
    """When attempts may begin on these lanes, for jobs of these tiers, all where none is named: see `Window`. The deadline of
    a job goes before its windows. `reason`: a sentence for whoever asks why it waits.
    """

    id: RowId
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1)]
    tiers: tuple[Tier, ...] = ()
    effect: Literal["allow", "deny"] = "allow"
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = DAYS
    opens: TimeOfDay
    closes: TimeOfDay
    zone: ZoneName
    reason: Text = ""


class PolicyDocument(StrictModel):
    """A policy. Of `routing` and `approvals` the first row that holds decides; of `guards` and `experiments` all count.

    `salt`: what buckets are drawn with; absent, the name. Who is in a canary stays in it as long as neither changes.
    `thresholds` by kind; those of `any` hold for kinds without their own.
    """

    policy: PolicyName
    description: Annotated[str, StringConstraints(max_length=2000)] = ""
    salt: Text = ""
    plans: Annotated[dict[RowId, PlanForm], Field(min_length=1, max_length=ROWS_MAX)]
    guards: Annotated[tuple[GuardRow, ...], Field(max_length=ROWS_MAX)] = ()
    routing: Annotated[tuple[RoutingRow, ...], Field(min_length=1, max_length=ROWS_MAX)]
    experiments: Annotated[tuple[ExperimentRow, ...], Field(max_length=ROWS_MAX)] = ()
    thresholds: Annotated[dict[KindName, KindThresholds], Field(max_length=ROWS_MAX)] = {}
    approvals: Annotated[tuple[ApprovalRow, ...], Field(max_length=ROWS_MAX)] = ()
    windows: Annotated[tuple[WindowRow, ...], Field(max_length=WINDOWS_MAX)] = ()


class Approval(Model):
    """What a plan waits for: somebody of `role`, or `quorum` of them. Who has not decided within `expires_s` has decided for
    `otherwise`, a plan with its `legs`; without one the job is cancelled.
    """

    row: RowId
    role: str
    reason: str
    quorum: int = 1
    expires_s: float
    otherwise: str | None = None
    legs: tuple[Leg, ...] = ()


class Assignment(Model):
    """An experiment that a job takes part in: by which row, with which leg, and how likely that was."""

    row: RowId
    leg: LegName
    propensity: float | None = None


class PolicyPublished(Event):
    """A version of a policy exists from now on; it never changes. `digest` is that of the document."""

    version: PolicyVersion
    document: dict[str, Any]
    digest: str
    actor: Actor
    reason: Reason


class PolicyActivated(Event):
    """From now on jobs are planned by this version. `replaces`: the one before. `rollback`: it was active before."""

    version: PolicyVersion
    replaces: PolicyVersion
    rollback: bool = False
    actor: Actor
    reason: Reason


PolicyEvent = PolicyPublished | PolicyActivated
"""What may stand in the register of policies."""
