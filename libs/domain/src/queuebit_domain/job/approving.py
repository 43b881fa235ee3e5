"""Plans that wait for a person: what exactly is approved, who decides, and what happens where nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.model import copy_with
from queuebit_contracts.policy import Approval
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.messages import Deny, Grant
from queuebit_domain.job.state import Awaited

VERDICT_S: Final = 5.0
"""So long before the deadline the answer of the plan that needs nobody should be there, to be checked and told."""


def digest_of(planned: ev.JobPlanned, problem_fingerprint: str) -> str:
    """What is approved: this plan, with these legs, by this policy, for this problem, and nothing else."""
    return fingerprint(
        {
            "plan": planned.plan,
            "legs": [leg.model_dump(mode="json", exclude_none=True) for leg in planned.legs],
            "policy": planned.policy_version,
            "problem": problem_fingerprint,
        }
    )


def ask_for_approval(draft: Draft, planned: ev.JobPlanned) -> None:
    """Ask, once. The deadline is the end of all patience, and before it the plan that needs nobody still has its time."""
    job, approval = draft.open, planned.approval
    assert approval is not None
    draft.add(
        ev.ApprovalRequested(
            digest=digest_of(planned, job.problem_fingerprint),
            reason=approval.reason,
            expires_at=min(
                draft.now + timedelta(seconds=approval.expires_s), _latest(draft.now, job.deadline, approval)
            ),
            role=approval.role,
            quorum=approval.quorum,
            otherwise=approval.otherwise,
        )
    )


def _latest(now: datetime, deadline: datetime, approval: Approval) -> datetime:
    """Until when a decision can be waited for: of the time left at least half, and all that the other plan does not need."""
    if approval.otherwise is None:
        return deadline
    needed_s = max(leg.budget_s for leg in approval.legs) + VERDICT_S
    return max(now + (deadline - now) / 2, deadline - timedelta(seconds=needed_s))


def decided_by_a_person(draft: Draft, message: Grant | Deny) -> None:
    """A decision on what is asked now; of anything else, too late, or said twice by the same person, nothing follows, nor where
    whoever asked for the job allows its plan.
    """
    job, awaited = draft.open, draft.open.awaited
    if awaited is None or awaited.digest != message.digest or message.tenant not in (None, job.request.tenant):
        return
    if awaited.expires_at is not None and draft.now >= awaited.expires_at:
        return
    if isinstance(message, Deny):
        draft.add(ev.ApprovalDenied(digest=message.digest, actor=message.actor, reason=message.reason))
    elif message.actor not in (*awaited.granted_by, job.requested_by):
        draft.add(ev.ApprovalGranted(digest=message.digest, actor=message.actor, reason=message.reason))


def decide_without_a_person(draft: Draft, awaited: Awaited) -> bool:
    """Where time is over take the plan that was said for that, or none; whether it was."""
    planned = awaited.planned
    approval = planned.approval
    if approval is None or awaited.expires_at is None or draft.now < awaited.expires_at:
        return False
    reason = f"Nobody of {approval.role} decided in time."
    if approval.otherwise is None:
        draft.add(ev.ApprovalDenied(digest=awaited.digest, actor=f"policy {planned.policy_version}", reason=reason))
        return True
    draft.add(
        copy_with(
            planned,
            plan=approval.otherwise,
            legs=approval.legs,
            reasons=(*planned.reasons, reason),
            propensity=None,
            experiments=None,
            approval=None,
        )
    )
    return True
