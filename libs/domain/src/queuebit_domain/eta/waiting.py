"""Why a job has not ended: one code, one sentence, and since when. Of several legs the one that has come farthest tells."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, assert_never

from queuebit_domain.job.label import label
from queuebit_domain.job.state import Answered, Held, Idle, Job, LegState, OpenJob, Resting, Spent, Working

Code = Literal[
    "planning",
    "approval",
    "hold",
    "not_before",
    "window",
    "fair_share",
    "overload",
    "queue",
    "running",
    "checking",
    "retry",
    "improving",
]
_FARTHEST: tuple[Code, ...] = (
    "hold",
    "overload",
    "fair_share",
    "checking",
    "running",
    "queue",
    "retry",
    "improving",
    "window",
    "not_before",
)
"""Who holds a job comes first, as people can do something about it."""


class Why(NamedTuple):
    """`since`: when it came to wait for this; None where that is not known. `until`: for which moment it waits, if for one."""

    code: Code
    detail: str
    since: datetime | None = None
    until: datetime | None = None


def why(job: Job) -> Why | None:
    """Why the job has not ended; None where it has, or nothing of it is known yet."""
    if not isinstance(job, OpenJob):
        return None
    if job.awaited is not None:
        return _awaited(job)
    found = [each for leg in job.counted if (each := _of_leg(leg)) is not None]
    if found:
        return min(found, key=lambda each: _FARTHEST.index(each.code))
    return Why("planning", f"It is {label(job)}: no attempt of it is out.", job.submitted_at)


def _awaited(job: OpenJob) -> Why:
    assert job.awaited is not None
    planned, expires_at = job.awaited.planned, job.awaited.expires_at
    until = "" if expires_at is None else f", until {expires_at:%Y-%m-%d %H:%M} UTC"
    whom = "somebody" if planned.approval is None else f"a person of the role {planned.approval.role}"
    return Why("approval", f"It waits for {whom} to allow its plan{until}.", job.submitted_at)


def _of_leg(leg: LegState) -> Why | None:
    lane, status = leg.spec.lane, leg.status
    match status:
        case Working(execution=None, started=False):
            return Why("queue", f"Its attempt on the {lane} lane waits in the queue for a worker.", status.queued_at)
        case Working(execution=None):
            since = status.began_at or status.moved_at
            return Why(
                "running", f"A worker of the {lane} lane computes it, for {leg.spec.budget_s:g} s at most.", since
            )
        case Working():
            return Why("checking", f"The answer of the {lane} lane is being checked.", status.moved_at)
        case Held(until=datetime() as until, scope=scope):
            code: Code = "not_before" if scope == "job" else "window"
            return Why(code, f"It waits until {until:%Y-%m-%d %H:%M} UTC: {status.reason}", status.since, until)
        case Held(expected_s=None):
            return Why("hold", f"The {lane} lane is held for it: {status.reason}.", status.since)
        case Held(scope="tier"):
            return Why("overload", f"Its tier gives way on the {lane} lane: {status.reason}", status.since)
        case Held():
            return Why("fair_share", f"It waits for its turn on the {lane} lane: {status.reason}", status.since)
        case Resting():
            return Why("retry", f"The {lane} lane is tried again at {status.until:%H:%M:%S} UTC.", None)
        case Answered():
            return Why("improving", f"The {lane} lane has answered; a better answer is waited for.", None)
        case Idle() | Spent():
            return None
        case _:
            assert_never(status)
