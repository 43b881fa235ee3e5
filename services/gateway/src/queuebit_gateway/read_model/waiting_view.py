"""Why a job has not ended, and when it is expected to, as the HTTP API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from queuebit_contracts.model import Model
from queuebit_contracts.operators import JobHeld
from queuebit_domain.eta.estimate import Unknown
from queuebit_domain.eta.waiting import Code, why
from queuebit_domain.job.state import Job


class HeldView(Model):
    """An operator holds a leg back: who, why and since when. `hold` is the number of the hold; 0 where it waits for its
    turn or for a moment.
    """

    leg: str
    hold: int
    actor: str
    reason: str
    since: AwareDatetime


def held_view(event: JobHeld, at: datetime, before: HeldView | None) -> HeldView:
    """The leg as the event has it. `before`: as it stood; one that waits with another priority has waited since then."""
    waited = event.priority is not None and before is not None and before.hold == event.hold
    since = before.since if before is not None and waited else at
    return HeldView.model_validate(event.model_dump() | {"since": since})


class WaitingView(Model):
    """Why the job has not ended: a code, a sentence, since when, and for which moment it waits, where it waits for one."""

    code: Code
    detail: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class EtaView(Model):
    """When the job is expected to end: in so many seconds from `as_of`, as likely as not, and nine times in ten. Without
    numbers `unknown` says why there are none.
    """

    as_of: AwareDatetime
    p50_s: float | None = None
    p90_s: float | None = None
    basis: Literal["state", "history"] | None = Field(
        default=None, description="Jobs ahead of it and how fast they end, or how long others took that ran as long."
    )
    count: int = Field(default=0, description="Of how many jobs of the tenant, kind and tier that is known.")
    unknown: Unknown | None = None


def waiting_view(job: Job) -> WaitingView | None:
    """That of a job that has not ended."""
    found = why(job)
    return (
        None
        if found is None
        else WaitingView(code=found.code, detail=found.detail, since=found.since, until=found.until)
    )
