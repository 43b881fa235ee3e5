"""What happens to a plan that waits for a person: asked, allowed, refused."""

from __future__ import annotations

from pydantic import AwareDatetime

from queuebit_contracts.event import Event


class ApprovalRequested(Event):
    """The plan waits for a person, who approves exactly what `digest` names. `otherwise`: the plan that is taken where nobody
    decides in time; without one the job is cancelled then.
    """

    digest: str
    reason: str
    expires_at: AwareDatetime
    role: str | None = None
    quorum: int | None = None
    otherwise: str | None = None


class ApprovalGranted(Event):
    """A person allowed the plan that `digest` names."""

    digest: str
    actor: str
    reason: str = ""


class ApprovalDenied(Event):
    """A person refused the plan that `digest` names."""

    digest: str
    actor: str
    reason: str = ""


ApprovalEvent = ApprovalRequested | ApprovalGranted | ApprovalDenied
"""What the stream of a job says of approvals."""
