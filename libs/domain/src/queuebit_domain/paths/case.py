"""What a job says of a path: what each way made of its problem, and from when on time is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_contracts.jobs import Cost, Lane, Number, Sense
from queuebit_contracts.paths import Stage
from queuebit_domain.job.money import NO_COST
from queuebit_domain.paths.outcomes import Report


@dataclass(frozen=True, slots=True)
class Arm:
    """What one way made of the problem. `objective` is that of the validator; without one there is no valid answer, and
    `why` says why. `placebo`: what random samples reached by the same repair and polish. `reused`: it was there before.
    `stopped`: it was given up before it ended, so that nobody knows what it would have given. `reports`: what was said that
    acting on it brought.
    """

    lane: Lane
    at: datetime
    objective: Number | None = None
    bound: Number | None = None
    placebo: Number | None = None
    epoch: str = ""
    took_s: float | None = None
    cost: Cost = NO_COST
    reused: bool = False
    stopped: bool = False
    why: str = ""
    reports: tuple[Report, ...] = ()

    @property
    def ok(self) -> bool:
        return self.objective is not None


@dataclass(frozen=True, slots=True)
class Case:
    """A job in which a path is measured. An arm is None while it is out. `incumbent`: what is done today, as the caller
    says. `cost`: what the leg of the path cost so far, while its arm is out. `drawn_before`: a problem like it was drawn
    already. `begins_at`: when its legs could begin, where they waited for a window. `never_out`: why no attempt of the path was
    ever let out, where that was not the path's doing: it has neither won nor lost.
    """

    job_id: UUID
    planned_at: datetime
    deadline: datetime
    problem_fingerprint: str
    sense: Sense
    stage: Stage
    path: Arm | None = None
    base: Arm | None = None
    incumbent: Number | None = None
    propensity: float = 1.0
    eligible: int = 1
    taken: bool | None = None
    cost: Cost = NO_COST
    drawn_before: bool | None = None
    begins_at: datetime | None = None
    never_out: str = ""

    @property
    def since(self) -> datetime:
        """From when on time is counted."""
        return self.planned_at if self.begins_at is None else max(self.planned_at, self.begins_at)

    def horizon(self, horizon_s: float) -> datetime:
        """When what is still out counts as lost: known from the beginning."""
        return min(self.deadline, self.since + timedelta(seconds=horizon_s))
