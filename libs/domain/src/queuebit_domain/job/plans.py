"""What a plan says of its legs: when each starts, and whether its answer counts."""

from __future__ import annotations

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import JobRequest, Leg, ParamValue, Role, Trigger
from queuebit_contracts.regions import REGIONS_PARAM
from queuebit_domain.policy.tables import AT_ONCE, TO_IMPROVE, WHEN_NEEDED

SHADOW: Role = "shadow"


def legs_of(planned: JobPlanned) -> tuple[Leg, ...]:
    """The legs, each with what starts it: as stated, or, in a plan of before that, as its role and the plan's name say."""
    if None not in [leg.starts for leg in planned.legs]:
        return planned.legs
    return tuple([leg if leg.starts is not None else _stated(leg, planned.plan) for leg in planned.legs])


def _stated(leg: Leg, plan: str) -> Leg:
    if leg.role != "fallback":
        starts = AT_ONCE
    elif plan == "refine" and leg.lane == "classical":
        starts = TO_IMPROVE
    else:
        starts = WHEN_NEEDED
    return leg.model_copy(update={"starts": starts})


def starts_on(leg: Leg, trigger: Trigger) -> bool:
    """Whether the trigger lets the leg start."""
    return leg.starts is not None and trigger in leg.starts


def counts(leg: Leg) -> bool:
    """Whether the leg is waited for and its answer may be the job's: not that of a shadow."""
    return leg.role != SHADOW


def params_of(request: JobRequest, leg: Leg) -> dict[str, ParamValue]:
    """The parameters of an attempt: those of the job with those that the plan sets for the leg; where its data may go the job
    alone says.
    """
    asked = request.params
    if leg.params is None:
        return asked
    kept = {REGIONS_PARAM: asked[REGIONS_PARAM]} if REGIONS_PARAM in asked else {}
    return {**asked, **leg.params, **kept}
