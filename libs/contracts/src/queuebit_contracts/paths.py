"""What happens to a path: one quantum way of answering a cohort, measured beside the classical way and trusted step by step.

A path has a stream of its own, as a job has. Whoever changes it is named, with the reason; what its gate decided carries the
numbers that it decided on.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import Cost, KindName, Lane, LegName, Money, ParamValue, TenantName, Tier
from queuebit_contracts.model import Model, StrictModel
from queuebit_contracts.operators import Actor, Reason
from queuebit_contracts.outcomes import Brought

Stage = Literal["simulate", "batch_pilot", "shadow", "advisory", "canary", "production", "retired"]
"""How far a path is trusted: on fixtures; on jobs of our own; beside jobs, never seen; as a suggestion; for some jobs; as
one of the ways that routing may choose; no more.
"""
STAGES: tuple[Stage, ...] = ("simulate", "batch_pilot", "shadow", "advisory", "canary", "production", "retired")
RAMP: tuple[int, ...] = (1, 5, 10, 25, 50)
"""The steps of a canary, in per cent of the cohort."""

SizeBand = Literal["xs", "s", "m", "l", "xl"]
SIZE_BANDS: tuple[SizeBand, ...] = ("xs", "s", "m", "l", "xl")
"""By variables: up to 16, 64, 256, 1024, and more. Bands are never pooled."""

Hypothesis = Literal[
    "harm", "sign_harm", "non_inferior", "superior", "superior_to_placebo", "superior_to_incumbent", "harm_to_incumbent",
    "futile", "futile_beside_placebo", "feasible", "infeasible", "deadline_kept", "deadline_missed", "suggestions_taken",
    "regression", "sample_ratio",
]  # fmt: skip
"""What a gate can hold for shown. Each is bet against for itself; none is ever shown by an absence of evidence."""

Measure = Literal["outcome_objective", "outcome_value"]
"""What a gate may go by in the place of the objectives that the validator recomputed: what acting on both answers came to in
reality, or brought in money.
"""
OUTCOME_HORIZON_S = 7 * 86_400.0
OutcomeHorizon = Annotated[float, Field(gt=0, le=366 * 86_400.0)]
Side = Literal["path", "base", "both"]
Share = Annotated[float, Field(gt=0, lt=1)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PathVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class PathKey(Model):
    """What a path is: the cohort that it answers, and the version of the way in which it does."""

    kind: KindName
    size_band: SizeBand
    tier: Tier
    version: PathVersion


class GateSpec(StrictModel):
    """What a path must show, and how surely. It is fixed when the path is registered: another one is another path.

    Differences of objectives are relative: `clip` bounds one of them, so that a few extreme pairs decide nothing. `margin`
    is how much worse is still as good; `min_gain` is the least gain that is worth anything. `alpha_*` bound how often the
    gate is wrong at all, however often it is looked at; those of the guardrails add up to at most 0.02. Shares are of
    pairs.
    """

    clip: Share = 0.10
    margin: Share = 0.01
    min_gain: Share = 0.01
    alpha_harm: Share = 0.005
    alpha_sign: Share = 0.005
    alpha_infeasible: Share = 0.005
    alpha_deadline: Share = 0.005
    alpha_up: Share = 0.05
    infeasible_max: Share = 0.05
    infeasible_breach: Share = 0.05
    late_max: Share = 0.10
    late_breach: Share = 0.10
    simulate_pairs: Annotated[int, Field(ge=1)] = 20
    pilot_pairs: Annotated[int, Field(ge=1)] = 30
    shadow_pairs: Annotated[int, Field(ge=1)] = 50
    shadow_h: Annotated[float, Field(ge=0)] = 24.0
    suggestions: Annotated[int, Field(ge=1)] = 50
    canary_pairs: Annotated[int, Field(ge=1)] = 30
    epochs: Annotated[int, Field(ge=1)] = 3
    pairs_max: Annotated[int, Field(ge=1)] = 1500
    horizon_s: Annotated[float, Field(gt=0)] = 86_400.0
    ratio_odds: Annotated[float, Field(gt=1)] = 1_000.0
    regression_odds: Annotated[float, Field(gt=1)] = 10_000.0
    placebo: bool = True
    sample: Annotated[float, Field(gt=0, le=1)] = 0.10
    retires_itself: bool = False


class PathDraw(Model):
    """How a path takes part in a job: with which leg, where it was drawn, and whether the job makes a pair. Without a leg
    it was not drawn, though it might have been: `propensity` says how likely. `problem`: the beginning of the problem's
    fingerprint. Alike problems are drawn alike, so that a second one is no second draw.
    """

    path_id: UUID
    stage: Stage
    leg: LegName | None = None
    measured: bool = False
    propensity: Annotated[float, Field(gt=0, le=1)]
    problem: Annotated[str, StringConstraints(max_length=64)] | None = None


class PathRegistered(Event):
    """Somebody wants a path to be measured: what it does, for whom, by which gate, and for how much money at most.

    `settings` are the parameters that its attempts get. `price_max`: what one attempt costs at most, and
    `value_per_win` what one gain of at least the gate's `min_gain` is worth, where that is known.
    Before shadow only jobs of the `pilot_tenants` are measured: fixtures, and jobs of our own. `measure`: pairs are compared
    by outcomes, which are waited for until `outcome_horizon_s` after the plan (a week where it is left out).
    """

    key: PathKey
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    lane: Lane
    settings: dict[str, ParamValue] = {}
    spec: GateSpec
    budget: Money
    price_max: Money | None = None
    value_per_win: Money | None = None
    start: Literal["simulate", "batch_pilot", "shadow"] = "simulate"
    pilot_tenants: Annotated[tuple[TenantName, ...], Field(max_length=20)] = ()
    owner: Actor
    reason: Reason
    measure: Measure | None = None
    outcome_horizon_s: OutcomeHorizon | None = None

    @property
    def outcomes_s(self) -> float | None:
        """For how long outcomes are waited for; None where the gate does not go by them."""
        return None if self.measure is None else self.outcome_horizon_s or OUTCOME_HORIZON_S


class PathPairRecorded(Event):
    """One problem was answered by the path and by the classical way, under the same budget, and both were checked.

    `difference`: by how much the path's objective is worse (better below zero), relative; 1 where the path gave no valid
    answer within the horizon, -1 where the classical way gave none. Likewise beside the placebo, and beside what is done
    today, where that was reported. `eligible`: how many jobs of the cohort were planned since the pair before, this one
    among them. What is not `counted` was paid for and shows nothing new: the same problem made a pair in the same epoch, or
    was asked before the stage, or an answer was there before. `drawn_before`: a problem like it was drawn already, so that
    of this one nothing is learnt about how often the path is drawn. `path_brought`, `base_brought`: what was reported that
    acting on the answers brought, until then; `missing`: whose outcome the gate would have gone by, and nobody reported.
    """

    seq: Annotated[int, Field(ge=1)]
    job_id: UUID
    planned_at: AwareDatetime
    problem_fingerprint: str
    stage: Stage
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    eligible: Annotated[int, Field(ge=1)] = 1
    difference: Annotated[float, Field(ge=-1, le=1)]
    path_ok: bool
    base_ok: bool
    placebo_difference: Annotated[float, Field(ge=-1, le=1)] | None = None
    incumbent_difference: Annotated[float, Field(ge=-1, le=1)] | None = None
    deadline_hit: bool
    taken: bool | None = None
    counted: bool = True
    drawn_before: bool | None = None
    cost: Cost = Cost()
    epoch: str
    path_s: float | None = None
    base_s: float | None = None
    why: str = ""
    path_brought: tuple[Brought, ...] | None = None
    base_brought: tuple[Brought, ...] | None = None
    missing: Side | None = None


class PathGateDecided(Event):
    """The gate holds a hypothesis for shown, after `pairs` pairs: the logarithm of its odds reached that of the threshold."""

    hypothesis: Hypothesis
    log_e: float
    log_threshold: float
    pairs: int


class PathStageChanged(Event):
    """The path is trusted further, or less. `percent`: of the cohort, in a canary. `evidence`: every number of the gate
    then.
    """

    from_stage: Stage
    to_stage: Stage
    from_percent: int = 0
    percent: int = 0
    why: str
    actor: Actor
    evidence: dict[str, float] = {}


class PathFrozen(Event):
    """No further job goes to the path until it is reopened or retired. `proposal`: why it should be retired, where it
    should.
    """

    actor: Actor
    reason: Reason
    proposal: str | None = None


class PathRetired(Event):
    """The path is given up. `report` is its story on one page, of which `evidence_digest` is the hash of the events told."""

    actor: Actor
    reason: Reason
    evidence_digest: Digest
    report: str


class PathReopened(Event):
    """The path is measured again, from this stage on, with nothing shown yet. `trigger`: what is new."""

    to_stage: Stage
    trigger: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    actor: Actor
    reason: Reason


PathEvent = (
    PathRegistered | PathPairRecorded | PathGateDecided | PathStageChanged | PathFrozen | PathRetired | PathReopened
)
"""What may stand in the stream of a path."""
