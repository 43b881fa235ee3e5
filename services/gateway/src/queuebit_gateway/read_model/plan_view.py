"""The plan of a job as it is shown, each leg with how far it has come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import Leg
from queuebit_domain.job.state import Awaited
from queuebit_gateway.read_model.attempts import Attempt
from queuebit_gateway.read_model.models import ApprovalView, LegProgress, LegView, PlanView


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened to the legs: their attempts, which are held, which attempt was chosen, whether the job has ended."""

    attempts: Collection[Attempt]
    held: Collection[str]
    chosen: UUID | None
    ended: bool


def plan_view(planned: JobPlanned, progress: Progress, *, with_plan: bool) -> PlanView:
    """The plan; with `with_plan` also its reasons and every number it was made from."""
    return PlanView(
        name=planned.plan,
        rule=planned.rule,
        policy_version=planned.policy_version,
        sense=planned.sense,
        legs=tuple(_leg_view(leg, progress) for leg in planned.legs),
        reasons=planned.reasons if with_plan else None,
        inputs=planned.inputs if with_plan else None,
    )


def _leg_view(leg: Leg, progress: Progress) -> LegView:
    tries = [attempt for attempt in progress.attempts if attempt.order.leg == leg.leg]
    idle: LegProgress = "not_needed" if progress.ended else "waiting"
    return LegView(
        leg=leg.leg,
        role=leg.role,
        lane=leg.lane,
        state="held" if leg.leg in progress.held and idle == "waiting" else tries[-1].state if tries else idle,
        chosen=any(attempt.order.attempt_id == progress.chosen for attempt in tries),
        budget_s=leg.budget_s,
        attempts_max=leg.attempts_max,
        reason=leg.reason,
        cached_from=None if leg.cached is None else leg.cached.job_id,
    )


def approval_view(awaited: Awaited | None) -> ApprovalView | None:
    """What a plan waits for; None where it waits for nobody."""
    approval = awaited.planned.approval if awaited is not None else None
    if awaited is None or approval is None:
        return None
    return ApprovalView(
        digest=awaited.digest,
        role=approval.role,
        reason=approval.reason,
        quorum=approval.quorum,
        granted_by=awaited.granted_by,
        expires_at=awaited.expires_at,
        otherwise=approval.otherwise,
    )
