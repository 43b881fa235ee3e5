"""Webhooks: the endpoints of tenants, and the deliveries to them with their durable timers.

An endpoint is a reader of the log with a place of its own. What it is to be told becomes deliveries in the same statement that
moves its place, so each event is taken once whoever reads. A delivery is claimed for a time on the clock of the store; a claim
that is over may be taken by anybody, and what a former owner still says is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from queuebit_store.log.port import Position

EndpointState = Literal["enabled", "paused", "disabled"]
DeliveryState = Literal["pending", "delivered", "exhausted"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tenant is told. `rule`: which events go there, as JSON; `secrets`: what they are signed with, sealed. `why`: why
    it was disabled. `failing_since`: when the first failure was after the last success. `version` rises with every change by
    people.
    """

    endpoint_id: UUID
    tenant: str
    url: str
    description: str
    rule: str
    secrets: bytes
    state: EndpointState
    why: str
    version: int
    position: Position
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class NewEndpoint(NamedTuple):
    """An endpoint to be made, enabled, which reads on after `position`."""

    endpoint_id: UUID
    tenant: str
    url: str
    description: str
    rule: str
    secrets: bytes
    position: Position


class NewDelivery(NamedTuple):
    """Something to be told: its id is the same for the same event and endpoint."""

    delivery_id: UUID
    endpoint_id: UUID
    tenant: str
    stream_id: UUID
    version: int
    type: str
    event_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a delivery stands. `due_at`: when it is tried, None where nothing is left to do. `status`, `error`, `took_ms` and
    `answer` are of the last attempt. `claims` rises with every claim and fences off former owners.
    """

    delivery_id: UUID
    endpoint_id: UUID
    tenant: str
    stream_id: UUID
    version: int
    type: str
    event_at: datetime
    body: str
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    claims: int
    status: int | None
    error: str | None
    took_ms: int | None
    answer: str | None
    created_at: datetime
    updated_at: datetime


class Attempted(NamedTuple):
    """What came of an attempt. `again_in_s`: when it is tried again, None where nothing is left to do."""

    state: DeliveryState
    again_in_s: float | None
    status: int | None = None
    error: str | None = None
    took_ms: int | None = None
    answer: str | None = None


class Room(NamedTuple):
    """How many more attempts of an endpoint may be on the way."""

    endpoint_id: UUID
    tenant: str
    free: int


class DeliveryPlace(NamedTuple):
    """Where a delivery stands in lists: by the time of its event."""

    event_at: datetime
    delivery_id: UUID


class Webhooks(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def add_endpoint(self, new: NewEndpoint) -> tuple[Endpoint, bool]:
        """Make it; where the id is known, the one that is there, and False. Raises UnknownTenant."""
        ...

    async def endpoints(self, tenant: str | None = None) -> list[Endpoint]:
        """Those of a tenant, or all, the oldest first."""
        ...

    async def change_endpoint(self, endpoint: Endpoint) -> bool:
        """Write url, description, rule, secrets and state, where it is still at `endpoint.version`; the version rises. One that
        is enabled has no failures behind it.
        """
        ...

    async def drop_endpoint(self, tenant: str, endpoint_id: UUID) -> bool:
        """Forget it with its deliveries; False where there is none."""
        ...

    async def fan_out(
        self, endpoint_ids: Sequence[UUID], start: Position, end: Position, deliveries: Sequence[NewDelivery]
    ) -> int:
        """Move the endpoints that still stand at `start` to `end` and keep the deliveries to those; how many were moved."""
        ...

    async def add_delivery(self, new: NewDelivery) -> Delivery:
        """One more, due at once; where it is known, what is there."""
        ...

    async def claim_deliveries(
        self, room: Sequence[Room], lease_s: float, *, of_tenant: Mapping[str, int], limit: int
    ) -> list[Delivery]:
        """Deliveries that are due, the longest due first: at most so many of each endpoint, of each tenant, and in all. Tenants
        take turns, and so do the endpoints of one.
        """
        ...

    async def crowded_endpoints(self, endpoint_ids: Sequence[UUID], pending_max: int) -> frozenset[UUID]:
        """Those of them for which so many deliveries or more wait."""
        ...

    async def settle(self, delivery_id: UUID, claims: int, attempted: Attempted) -> timedelta | None:
        """Note an attempt. Gives for how long its endpoint has failed, None where it does not, or where somebody else has
        claimed the delivery since: then nothing was written.
        """
        ...

    async def disable_endpoint(self, endpoint_id: UUID, why: str) -> None:
        """Send nothing there any more until somebody enables it again; what is due waits."""
        ...

    async def deliveries(
        self,
        tenant: str,
        endpoint_id: UUID,
        *,
        states: Sequence[DeliveryState],
        before: DeliveryPlace | None = None,
        limit: int,
    ) -> list[Delivery]:
        """A page of an endpoint's deliveries in these states, the latest event first."""
        ...

    async def replay(
        self,
        tenant: str,
        endpoint_id: UUID,
        *,
        since: datetime,
        until: datetime,
        states: Sequence[DeliveryState],
        limit: int,
    ) -> int:
        """Deliver again, from the first attempt on, what is in these states and whose events lie in the range, until exclusive;
        how many those are. Oldest first.
        """
        ...

    async def forget_deliveries(self, before: datetime, limit: int) -> int:
        """Delete deliveries whose events are older, so many at most; how many those are."""
        ...
