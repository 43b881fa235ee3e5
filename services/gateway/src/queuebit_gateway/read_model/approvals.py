"""Plans that wait for people, as those people see them: what exactly is approved, by whom, until when, and what else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts.jobs import KindName, Lane, Leg, Role, Tier
from queuebit_contracts.model import Model
from queuebit_domain.job.state import Awaited, OpenJob
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Found, Jobs
from queuebit_store.ports import Place, StreamFilter, StreamRow, StreamStore

WAITING_STATE = "planned"
"""What the head of a job says whose plan waits; of others too, for a moment."""
LOOKED_AT_MAX = 1000
"""So many jobs are looked at for one page."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks: for whom, and of which roles they may decide."""

    asker: Asker
    name: str
    roles: frozenset[str]


class ApprovalLeg(Model):
    """A leg of a plan that waits."""

    leg: str
    role: Role
    lane: Lane
    reason: str


class ApprovalItem(Model):
    """A plan that waits for `quorum` people of `role`. They allow exactly what `digest` names. `otherwise`: the plan that is
    taken where nobody decides until `expires_at`; without one the job is cancelled then. `may_decide`: whether you may, now.
    """

    object: Literal["approval"] = "approval"
    job_id: UUID
    kind: KindName
    tier: Tier
    created_at: AwareDatetime
    digest: str = Field(description="Names exactly what is approved: send it with your decision.")
    role: str
    reason: str
    quorum: int
    granted_by: tuple[str, ...]
    expires_at: AwareDatetime | None
    otherwise: str | None
    otherwise_legs: tuple[ApprovalLeg, ...]
    plan: str
    legs: tuple[ApprovalLeg, ...]
    rule: str
    policy_version: str
    facts: dict[str, Any] = Field(description="Every number that the decision was made from.")
    may_decide: bool


class ApprovalList(Model):
    """Plans that wait, those of the jobs that were accepted last first."""

    object: Literal["list"] = "list"
    data: tuple[ApprovalItem, ...]
    has_more: bool
    next_cursor: str | None = None


class Approvals:
    """Reads which plans of a tenant wait; nothing here writes."""

    def __init__(self, store: StreamStore, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs

    async def page(
        self, person: Person, before: Place | None, limit: int
    ) -> tuple[Sequence[ApprovalItem], Place | None]:
        """What waits, and where to go on; None at the end."""
        found: list[ApprovalItem] = []
        looked_at = 0
        attributes = {name: (value,) for name, value in person.asker.bound.items()}
        while looked_at < LOOKED_AT_MAX:
            wanted = StreamFilter(person.asker.tenant, (WAITING_STATE,), attributes, before)
            rows = await self._store.list_heads(wanted, limit=PAGE)
            items = await asyncio.gather(*(self._item(row, person) for row in rows))
            for row, item in zip(rows, items, strict=True):
                before = Place(row.created_at, row.stream_id)
                found += [item] if item is not None else []
                if len(found) == limit:
                    return found, before
            if len(rows) < PAGE:
                return found, None
            looked_at += len(rows)
        return found, before

    async def one(self, person: Person, found: Found) -> tuple[ApprovalItem, OpenJob]:
        """The plan of this job. Raises Refusal approval_not_found where it waits for nobody."""
        job = await self._jobs.standing(found)
        if not isinstance(job, OpenJob) or job.awaited is None or found.row is None:
            raise Refusal("approval_not_found", job_id=found.job_id)
        return _item_of(found.row, job, job.awaited, person), job

    async def _item(self, row: StreamRow, person: Person) -> ApprovalItem | None:
        try:
            job = await self._jobs.standing(Found(row.stream_id, row.tenant, row.stream_id, row, None))
        except Refusal:
            return None
        if not isinstance(job, OpenJob) or job.awaited is None or job.awaited.planned.approval is None:
            return None
        return _item_of(row, job, job.awaited, person)


def _item_of(row: StreamRow, job: OpenJob, awaited: Awaited, person: Person) -> ApprovalItem:
    planned, approval = awaited.planned, awaited.planned.approval
    assert approval is not None
    about = row.head.attributes
    mine = person.name in (job.requested_by, *awaited.granted_by)
    return ApprovalItem(
        job_id=row.stream_id,
        kind=about["kind"],
        tier=job.request.tier,
        created_at=row.created_at,
        digest=awaited.digest,
        role=approval.role,
        reason=approval.reason,
        quorum=approval.quorum,
        granted_by=awaited.granted_by,
        expires_at=awaited.expires_at,
        otherwise=approval.otherwise,
        otherwise_legs=_legs(approval.legs),
        plan=planned.plan,
        legs=_legs(planned.legs),
        rule=planned.rule,
        policy_version=planned.policy_version,
        facts=planned.inputs,
        may_decide=approval.role in person.roles and not mine,
    )


def _legs(legs: Sequence[Leg]) -> tuple[ApprovalLeg, ...]:
    return tuple(ApprovalLeg(leg=leg.leg, role=leg.role, lane=leg.lane, reason=leg.reason) for leg in legs)
