"""Plans that wait for a person, and what people say to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from queuebit_contracts.errors import ContractError
from queuebit_contracts.ids import derive_id
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import fold
from queuebit_domain.job.messages import Deny, Grant, Message
from queuebit_domain.job.state import Awaited, Job, OpenJob
from queuebit_operations.errors import BadArgument, InConflict, NotThere
from queuebit_operations.jobs.telling import MISSING, Jobs, Skip, tell
from queuebit_runtime.clock import Clock
from queuebit_store.ports import StoredEvent

DONE = "done"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job whose plan waits."""

    job_id: UUID
    tenant: str
    since: datetime
    awaited: Awaited

    def document(self) -> dict[str, Any]:
        """As JSON: everything that whoever decides should see."""
        planned, approval = self.awaited.planned, self.awaited.planned.approval
        assert approval is not None
        return {
            "job_id": str(self.job_id),
            "tenant": self.tenant,
            "since": self.since.isoformat(),
            "digest": self.awaited.digest,
            "role": approval.role,
            "reason": approval.reason,
            "quorum": approval.quorum,
            "granted_by": list(self.awaited.granted_by),
            "expires_at": self.awaited.expires_at.isoformat() if self.awaited.expires_at else None,
            "otherwise": approval.otherwise or "cancelled",
            "plan": planned.plan,
            "legs": [leg.leg for leg in planned.legs],
            "rule": planned.rule,
            "policy": planned.policy_version,
            "facts": planned.inputs,
        }


def waiting_in(job_id: UUID, stored: Sequence[StoredEvent]) -> Waiting | None:
    """The plan of a job that waits; None where it does not, or cannot be read."""
    try:
        job = fold(stored)
    except (CorruptStream, ContractError):
        return None
    if not isinstance(job, OpenJob) or job.awaited is None or job.awaited.planned.approval is None:
        return None
    return Waiting(job_id, stored[0].tenant, job.submitted_at, job.awaited)


async def say(
    store: Jobs, clock: Clock, job_id: UUID, digest: str | None, *, actor: str, reason: str, grant: bool
) -> Waiting | None:
    """Allow or refuse the plan of a job: what still waits after it. Raises NotThere, BadArgument where the digest is not told,
    and InConflict where it is not that of what waits now.
    """

    def message_to(_job_id: UUID, job: Job, stored: Sequence[StoredEvent]) -> Message | Skip:
        waiting = waiting_in(job_id, stored)
        if waiting is None or not isinstance(job, OpenJob):
            raise InConflict(f"The plan of {job_id} waits for nobody.", remedy="See: queuebit approvals list")
        now = waiting.awaited.digest
        if digest is None:
            shown = waiting.document()
            told = f"plan {shown['plan']}, legs {', '.join(shown['legs'])}, policy {shown['policy']}: {shown['reason']}"
            raise BadArgument(f"What is decided on is not named. It is {told}", remedy=f"Give --digest {now}")
        if not now.startswith(digest) or len(digest) < 8:
            raise InConflict(f"What waits now is {now}, not {digest}.", remedy="Look at it: queuebit approvals list")
        return Grant(now, actor, reason) if grant else Deny(now, actor, reason)

    cause = derive_id(job_id, f"approval {actor} {digest}")
    outcome = (await tell(store, clock, [job_id], message_to, done=DONE, cause_id=cause))[job_id]
    if outcome == MISSING:
        raise NotThere(f"There is no job {job_id}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
    if outcome != DONE:
        raise InConflict(
            f"{actor} has said so before, or others keep changing the job.", remedy="Somebody else must, too."
        )
    return waiting_in(job_id, (await store.load([job_id]))[job_id])
