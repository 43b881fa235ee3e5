"""Before and behind which others of its tenant a job waits for its turn."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import Reprioritise
from queuebit_domain.job.state import Held, OpenJob


def waits_for_its_turn(job: OpenJob) -> bool:
    """Whether an attempt of it does; what an operator holds back waits for them."""
    return any(isinstance(leg.status, Held) and leg.status.expected_s is not None for leg in job.legs)


def reprioritise(draft: Draft, message: Reprioritise) -> None:
    """Give the job another priority: each attempt that waits for its turn says so. Nothing where it has that already, or none
    waits.
    """
    if draft.open.priority == message.priority:
        return
    request = draft.open.request
    for leg in draft.open.legs:
        status = leg.status
        if isinstance(status, Held) and status.expected_s is not None:
            draft.add(
                ev.JobHeld(
                    leg=leg.spec.leg,
                    lane=leg.spec.lane,
                    number=status.number,
                    hold=status.hold,
                    scope=status.scope,
                    value=request.tier if status.scope == "tier" else request.tenant,
                    actor=message.actor,
                    reason=message.reason,
                    expected_s=status.expected_s,
                    priority=message.priority,
                )
            )
