"""A job that waits for its turn goes on with what its plan has on another lane instead.

Only its plan says where else it may go: its policy, its guards and who approved it have allowed that and nothing else. What
waits was never sent, so that nothing is paid twice.
"""

from __future__ import annotations

from datetime import datetime

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Lane
from queuebit_domain.job.advance import fallback_of
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.messages import Reroute
from queuebit_domain.job.moving import waiting_leg, why_not_planned_anew
from queuebit_domain.job.state import AT_WORK, Held, LegState, OpenJob


def reroute(draft: Draft, message: Reroute) -> None:
    """Give up the attempt that waits; the job goes on by its plan when it is looked at next, which is at once. Nothing where
    that is refused.
    """
    job = draft.open
    waiting = waiting_leg(job)
    if message.planned is not None:
        if why_not_planned_anew(job) is None:
            draft.add(message.planned)
    elif waiting is not None and why_not_rerouted(job, message.lane, draft.now) is None:
        draft.add(
            _given_up(
                job, waiting, draft.now, f"rerouted to the {message.lane} lane by {message.actor}: {message.reason}"
            )
        )


def why_not_rerouted(job: OpenJob, lane: Lane, now: datetime) -> str | None:
    """Why the job may not go on on that lane; None where it may."""
    waiting = waiting_leg(job)
    if waiting is None:
        return "no attempt of it waits for its turn"
    if sum(isinstance(leg.status, AT_WORK) for leg in job.counted) > 1:
        return "another leg of it is at work or held"
    if isinstance(waiting.status, Held) and waiting.status.number > 1:
        return "an attempt of it was out before"
    if job.quote is not None:
        return "its quote pays for nothing else"
    after = evolve(job, _given_up(job, waiting, now, ""), now, job.job_id)
    target = fallback_of(after) if isinstance(after, OpenJob) else None
    if target is None:
        return "its plan has nothing behind what waits"
    if target.spec.lane != lane:
        return f"its plan goes to the {target.spec.lane} lane next"
    return None


def _given_up(job: OpenJob, leg: LegState, now: datetime, reason: str) -> ev.AttemptAbandoned:
    """Nobody has an order of it, so that whoever hears of it need not remember it."""
    assert isinstance(leg.status, Held)
    attempt_id = attempt_id_of(job.job_id, leg.spec.leg, leg.status.number)
    return ev.AttemptAbandoned(attempt_id=attempt_id, leg=leg.spec.leg, reason=reason, begin_by=now)
