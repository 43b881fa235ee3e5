"""What gives way when a lane is full, in this order: what is only measured, then the tiers that have time. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal, assert_never

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import Lane, Leg, Tier
from queuebit_contracts.model import copy_with

Relief = Literal["none", "measures_less", "defers_scheduled", "defers_batch"]
"""How far a lane is relieved: each goes beyond the one before it."""
RELIEFS: Final[tuple[Relief, ...]] = ("none", "measures_less", "defers_scheduled", "defers_batch")
MEASURES_LESS_AFTER_S: Final = 30.0
DEFERS_SCHEDULED_AFTER_S: Final = 60.0
DEFERS_BATCH_AFTER_S: Final = 120.0
DEFERS_MAX_S: Final = 600.0
"""No longer than this are tiers deferred at a stretch: then they have their turns again, whatever waits."""


def relief_of(crowded_s: Mapping[Tier, float]) -> Relief:
    """How far a lane is relieved on which jobs of these tiers have waited for their turn, without a pause, for so long. What
    waits on any tier ends measuring beside it; only interactive jobs put off others, which have time.
    """
    if max(crowded_s.values(), default=0.0) < MEASURES_LESS_AFTER_S:
        return "none"
    urgent_s = crowded_s.get("interactive", 0.0)
    if not DEFERS_SCHEDULED_AFTER_S <= urgent_s < DEFERS_SCHEDULED_AFTER_S + DEFERS_MAX_S:
        return "measures_less"
    return "defers_scheduled" if urgent_s < DEFERS_BATCH_AFTER_S else "defers_batch"


def defers(relief: Relief, tier: Tier) -> bool:
    """Whether jobs of the tier wait until the lane has room again."""
    match tier:
        case "interactive":
            return False
        case "batch":
            return relief == "defers_batch"
        case "scheduled":
            return relief in ("defers_scheduled", "defers_batch")
        case _:
            assert_never(tier)


def gives_way(tenant: str, urgent: Collection[str]) -> bool:
    """Whether a tenant's jobs give way to the interactive ones of those who wait: to nobody's flood but its own."""
    return len(urgent) > 1 or tenant in urgent


def without_measures(planned: JobPlanned, lanes: Collection[Lane]) -> JobPlanned:
    """The plan without what would only be measured on these lanes, and with the reasons; the very same where nothing would. A
    shadow that advises is waited for, and stays.
    """
    gone = [leg for leg in planned.legs if leg.lane in lanes and _only_measured(leg)]
    if not gone:
        return planned
    names = {leg.leg for leg in gone}
    told = (f"overload: {leg.leg} gives way, as jobs wait for the {leg.lane} lane." for leg in gone)
    kept = tuple(each for each in planned.experiments or () if each.leg not in names)
    return copy_with(
        planned,
        legs=tuple(leg for leg in planned.legs if leg.leg not in names),
        experiments=kept or None,
        reasons=(*planned.reasons, *told),
    )


def _only_measured(leg: Leg) -> bool:
    return leg.role == "shadow" and not leg.advises
