"""Which events go to an endpoint: a rule over the event, and over the tier, kind and labels of its job."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints

from queuebit_contracts.jobs import TERMINAL_NAMES, KindName, Tier
from queuebit_contracts.model import StrictModel

EventName = Literal[
    "JobSubmitted",
    "JobRejected",
    "JobPlanned",
    "JobQueued",
    "JobHeld",
    "JobStarted",
    "ExecutionFailed",
    "ResultRejected",
    "FallbackTaken",
    "JobCompleted",
    "JobImproved",
    "JobInvalidated",
    "JobSuperseded",
    "CompensationRequested",
    "JobFailed",
    "JobCancelled",
    "JobExpired",
]
ENDS: tuple[EventName, ...] = (
    "JobCompleted", "JobImproved", "JobInvalidated", "JobFailed", "JobCancelled", "JobExpired", "JobRejected",
)  # fmt: skip
"""What is told where nothing else is asked for: how jobs end, and what becomes of ends."""
assert frozenset(ENDS) >= TERMINAL_NAMES

LABELS_MAX = 10
_LabelName = Annotated[str, StringConstraints(max_length=63)]
_LabelValue = Annotated[str, StringConstraints(max_length=255)]


class Rule(StrictModel):
    """Everything must hold; what is empty holds for any job. A label must have one of the values that are named for it."""

    events: Annotated[tuple[EventName, ...], Field(max_length=20)] = ENDS
    tiers: Annotated[tuple[Tier, ...], Field(max_length=3)] = ()
    kinds: Annotated[tuple[KindName, ...], Field(max_length=50)] = ()
    labels: Annotated[
        dict[_LabelName, Annotated[tuple[_LabelValue, ...], Field(min_length=1, max_length=20)]],
        Field(max_length=LABELS_MAX),
    ] = {}

    @property
    def asks_of_jobs(self) -> bool:
        """Whether the event alone does not tell."""
        return bool(self.tiers or self.kinds or self.labels)


class About(NamedTuple):
    """What a rule looks at of a job."""

    tier: str
    kind: str
    labels: dict[str, str]


def about_of(request: dict[str, Any]) -> About:
    """What is known of a job by its request."""
    return About(request.get("tier", ""), request.get("problem", {}).get("kind", ""), request.get("labels") or {})


def wants(rule: Rule, name: str, about: About) -> bool:
    """Whether an event of this name goes there."""
    return (
        name in rule.events
        and (not rule.tiers or about.tier in rule.tiers)
        and (not rule.kinds or about.kind in rule.kinds)
        and all(about.labels.get(label) in values for label, values in rule.labels.items())
    )
