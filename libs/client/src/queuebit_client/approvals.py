"""Plans that wait for people, as the client reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from queuebit_contracts.model import Model


class ApprovalLeg(Model):
    """A leg of a plan that waits."""

    leg: str
    role: str
    lane: str
    reason: str = ""


class Approval(Model):
    """A plan that waits for `quorum` people of `role`, who allow exactly what `digest` names."""

    job_id: UUID
    kind: str
    tier: str
    created_at: datetime
    digest: str
    role: str
    reason: str
    quorum: int = 1
    granted_by: tuple[str, ...] = ()
    expires_at: datetime | None = None
    otherwise: str | None = None
    otherwise_legs: tuple[ApprovalLeg, ...] = ()
    plan: str
    legs: tuple[ApprovalLeg, ...] = ()
    rule: str
    policy_version: str
    facts: dict[str, Any] = {}
    may_decide: bool = False


class ApprovalPage(Model):
    """Plans that wait."""

    data: tuple[Approval, ...]
    has_more: bool
    next_cursor: str | None = None
