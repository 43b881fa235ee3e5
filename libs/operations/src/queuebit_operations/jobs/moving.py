"""What waits for its turn goes to another backend: what must be known for that, read once for all jobs of a step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from queuebit_contracts.backends import REPORT_AGE_S_MAX
from queuebit_contracts.events import BackendStatusReported, JobPlanned
from queuebit_domain.errors import InvalidPolicy
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.messages import Reroute
from queuebit_domain.job.moving import Destination, moved, why_not_moved
from queuebit_domain.job.state import OpenJob
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse
from queuebit_domain.policy.codec import fold_policies
from queuebit_domain.policy.register import NO_POLICIES, REGISTER_ID, Policies, policy_of
from queuebit_operations.bulk.operation import Operation
from queuebit_operations.errors import NotThere
from queuebit_operations.jobs.telling import Jobs, Skip
from queuebit_runtime.clock import Clock
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.budgets.port import AccountRow, PriceRow
from queuebit_store.ports import StoredEvent, StreamRow


class Moves(Jobs, Protocol):
    """What is needed of the store."""

    async def heads(self, stream_ids: Sequence[UUID], *, tenant: str | None = None) -> dict[UUID, StreamRow]: ...
    async def reported_backends(self) -> list[ReportedBackend]: ...
    async def prices(self) -> list[PriceRow]: ...
    async def standing(self, tenant: str, now: datetime) -> list[AccountRow]: ...


class Mover:
    """Says to jobs that wait that they go to a backend, or why they may not."""

    def __init__(self, to: Destination, policies: Policies, purses: Mapping[str, Purse], operation: Operation) -> None:
        self._to = to
        self._policies = policies
        self._purses = purses
        self._operation = operation

    @classmethod
    async def opened(cls, store: Moves, clock: Clock, ids: Sequence[UUID], operation: Operation, backend: str) -> Mover:
        """Raises NotThere where no backend of that name reported itself lately."""
        now = clock.now()
        reports = _statuses(await store.reported_backends())
        told = next((status for status, at in reports if status.backend == backend), None)
        lanes = Lanes()
        for status, at in reports:
            lanes.report(status, at)
        if told is None or backend not in lanes.backends(now).get(told.lane, ()):
            raise NotThere(
                f"No backend {backend} reported itself available within {REPORT_AGE_S_MAX:g} s.",
                remedy="See: queuebit backends list",
            )
        rows = await store.heads(ids)
        prices = {
            row.backend: Price(row.backend, row.currency, row.task, row.shot, row.second)
            for row in await store.prices()
        }
        charging, free = lanes.paid(now, prices.keys())
        purses = {
            tenant: Purse(_accounts(await store.standing(tenant, now)), prices, charging, free)
            for tenant in sorted({row.tenant for row in rows.values()})
        }
        to = Destination(backend, told.lane, told.region, bool(told.region_named))
        return cls(to, await _policies(store), purses, operation)

    def say(self, job: OpenJob, stored: Sequence[StoredEvent]) -> Reroute | Skip:
        """What to say to a job that waits for its turn."""
        planned = next((event for event in map(read_event, reversed(stored)) if isinstance(event, JobPlanned)), None)
        assert planned is not None, "what waits was planned"
        try:
            policy = policy_of(self._policies, planned.policy_version)
        except InvalidPolicy:
            return Skip(f"refused, its policy {planned.policy_version} cannot be read here")
        why_not = why_not_moved(planned, job, self._to, policy, self._purses.get(job.request.tenant, Purse()))
        if why_not:
            return Skip(f"refused, {why_not}")
        actor, reason = self._operation.actor, self._operation.reason
        told = f"rerouted to {self._to.backend} by {actor}: {reason}"
        return Reroute(self._to.lane, actor, reason, moved(planned, job, self._to, policy.document, told))


async def _policies(store: Moves) -> Policies:
    policies = NO_POLICIES
    while stored := await store.events_of(REGISTER_ID, after_version=policies.version):
        policies = fold_policies(stored, policies)
    return policies


def _accounts(rows: Collection[AccountRow]) -> tuple[Account, ...]:
    return tuple(
        Account(row.account, row.name, row.purpose, row.currency, row.left, row.resets_at)  # type: ignore[arg-type]
        for row in rows
    )


def _statuses(reports: Sequence[ReportedBackend]) -> list[tuple[BackendStatusReported, datetime]]:
    """What each says of itself; one of a newer release, in words that this one does not know, is passed over."""
    found: list[tuple[BackendStatusReported, datetime]] = []
    for each in reports:
        try:
            found.append((BackendStatusReported.model_validate(each.status), each.reported_at))
        except ValidationError:
            continue
    return found
